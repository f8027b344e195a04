/** Looking at tables that may not be there, and changing what may have changed since it was looked at. */
import { HostError } from '../host-error.ts';
import type { Family } from './family.ts';
import type { Iptables, Table } from './iptables-tool.ts';
import type { SavedTable } from './saved-table.ts';

/** @returns undefined where the host does not have the table, or not the family. @throws HostError */
export async function lookAt(
  iptables: Iptables,
  family: Family,
  table: Table,
): Promise<SavedTable | undefined> {
  if (!(await iptables.hasTable(family, table))) return undefined;
  try {
    return await iptables.save(family, table);
  } catch (error) {
    if (error instanceof HostError && (error.code === 'unsupported' || error.code === 'tool'))
      return undefined;
    throw error;
  }
}

/**
 * Between a look and the change that follows from it somebody else may delete a rule that the change deletes too; then all of it fails, and
 * looking again helps.
 */
export async function lookedAgain(change: () => Promise<void>): Promise<void> {
  try {
    await change();
  } catch (error) {
    if (!(error instanceof HostError) || error.code !== 'failed') throw error;
    await change();
  }
}
