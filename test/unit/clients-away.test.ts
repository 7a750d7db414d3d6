import { describe, expect, it } from 'vitest';
import { ClientsAway } from '../../sim/cluster/clients-away.js';

describe('clients that are away', () => {
  it('come back once each', () => {
    const away = new ClientsAway();
    away.left('load idle');
    expect(away.cameBack('probe reader')).toBe(false);
    expect(away.cameBack('load idle')).toBe(true);
    expect(away.cameBack('load idle')).toBe(false);
  });

  it('come back to either of two that changed places, and once in all', () => {
    const [blue, green] = [new ClientsAway(), new ClientsAway()];
    for (const side of [blue, blue, green]) side.left('load idle');
    blue.shareWith(green);
    // Back again, as a switch that is undone.
    green.shareWith(blue);
    const back = [green, blue, green, blue].map((side) => side.cameBack('load idle'));
    expect(back).toEqual([true, true, true, false]);
  });
});
