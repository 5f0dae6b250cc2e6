import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MODELS_FOLDER, modelsReadme } from './models-readme.ts';

writeFileSync(join(MODELS_FOLDER, 'README.md'), await modelsReadme());
