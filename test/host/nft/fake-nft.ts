/** An nft that refuses what it is told to, and remembers what it was given; lists what it is given to list. */
import type { RunTool, ToolResult } from '../../../src/host/run-tool.ts';

export interface FakeNft {
  readonly run: RunTool;
  /** The scripts of `nft -f -`, not those of `nft -c`. */
  readonly committed: string[];
}

const fine: ToolResult = { code: 0, stdout: '{"nftables": []}', stderr: '' };

/** @param refuse what nft says of a script or a listing; undefined for nothing */
export function fakeNft(refuse: (scriptOrArgs: string, isCheck: boolean) => string | undefined): FakeNft {
  const committed: string[] = [];
  const run: RunTool = (_about, { args, stdin }) => {
    const isCheck = args.includes('-c');
    const stderr = refuse(stdin ?? args.join(' '), isCheck);
    if (stderr !== undefined) return Promise.resolve({ code: 1, stdout: '', stderr });
    if (stdin !== undefined && !isCheck) committed.push(stdin);
    return Promise.resolve(fine);
  };
  return { run, committed };
}
