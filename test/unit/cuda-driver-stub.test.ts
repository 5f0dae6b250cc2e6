import { afterEach, describe, expect, test, vi } from 'vitest';
import { buildStub } from '../stub/build-stub.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe.skipIf(process.platform !== 'linux')('the emulator of kernels, where there is no compiler', () => {
  test('is not there, and the reason is', async () => {
    vi.stubEnv('CXX', '/nowhere/c++');
    vi.stubEnv('ASSAYER_REQUIRE_STUB', '');
    expect(await buildStub()).toEqual({ library: null, reason: 'there is no compiler /nowhere/c++' });
  });

  test('is an error where it is required', async () => {
    vi.stubEnv('CXX', '/nowhere/c++');
    vi.stubEnv('ASSAYER_REQUIRE_STUB', '1');
    await expect(buildStub()).rejects.toThrow(/no compiler \/nowhere\/c\+\+, and ASSAYER_REQUIRE_STUB asks/);
  });
});
