import { expect, it } from 'vitest';
import { dropDetail } from '../../sim/operations/zero-downtime-patch/reasons.js';

it('tells of a failed hand-over with no word of another engine', () => {
  expect(dropDetail('transfer-failed', 'aurora-postgresql')).toContain('ZD_SOCKET_TRANSFER');
  expect(dropDetail('transfer-failed', 'aurora-mysql')).not.toMatch(/postgres/i);
});
