import { type Command, Option } from 'commander';
import type { IndexInput } from '../flows/index-source.ts';
import type { FingerprintFormat } from '../store/fingerprint-file.ts';
import { INPUT_FORMATS, type TableFormat } from '../store/table-format.ts';

/** How an input of compounds or fingerprints is to be read. */
export interface InputOptions {
  workspace: string;
  format?: TableFormat | FingerprintFormat;
  smilesColumn?: string;
  idColumn?: string;
  fingerprintColumn?: string;
  ids?: string;
  fingerprintType?: string;
}

/** The options that say so. */
export function addInputOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--format <format>', 'format of the input, where its name does not tell').choices([
        ...INPUT_FORMATS,
        'fps',
        'npy',
      ]),
    )
    .option('--smiles-column <name>', 'column that holds the SMILES (default: by name, else by content)')
    .option('--id-column <name>', 'column that holds the ids (default: by name, else the row number)')
    .option('--fingerprint-column <name>', 'read fingerprints from this binary column of a Parquet file')
    .option('--ids <file>', 'file with one id a line, for .npy (default: the row number)')
    .option('--fingerprint-type <text>', 'what fingerprints made elsewhere are, whatever their file says')
    .option('--workspace <folder>', 'folder that keeps feature sets', '.assayer');
}

export function indexInput(path: string, options: InputOptions): IndexInput {
  const { workspace, format, smilesColumn, idColumn, fingerprintColumn, ids, fingerprintType } = options;
  return {
    path,
    workspace,
    ...(format && { format }),
    ...(smilesColumn && { smilesColumn }),
    ...(idColumn && { idColumn }),
    ...(fingerprintColumn && { fingerprintColumn }),
    ...(ids && { idsFile: ids }),
    ...(fingerprintType && { fingerprintType }),
  };
}
