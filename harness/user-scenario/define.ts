/** What a scenario file of a user's own exports, in TypeScript. */
import type { UserScenario } from './schema.js';

export type { UserScenario };

/**
 * Gives a scenario its type; what is given comes back as it is, and is checked when it is run:
 * `export default defineScenario({ name: 'our-upgrade', … })`. See `docs/adding-a-scenario.md`.
 */
export function defineScenario(scenario: UserScenario): UserScenario {
  return scenario;
}
