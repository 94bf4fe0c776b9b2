import { describe, it } from '@jest/globals';

/**
 * A suite that needs a foreign program: left out where `find` finds nothing, and then the summary of `npm test` says so;
 * with JOBLET_REQUIRE_SERVERS=1 it fails instead.
 */
export function describeWithServer(name: string, find: () => unknown, body: () => void): void {
  if (find() !== undefined) {
    describe(name, body);
  } else if (process.env['JOBLET_REQUIRE_SERVERS'] === '1') {
    describe(name, () => {
      it('has the programs that it needs', () => {
        throw new Error(`${find.name} found nothing, and JOBLET_REQUIRE_SERVERS is 1`);
      });
    });
  } else {
    // A machine without the program still tests all the rest; CI has them all, and sets JOBLET_REQUIRE_SERVERS.
    describe.skip(`${name} (left out: ${find.name} found nothing; npm run services:install)`, body);
  }
}
