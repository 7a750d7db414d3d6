/** What the package offers to programs: see `docs/adding-a-scenario.md`. */
export { defineScenario, type UserScenario } from './user-scenario/define.js';
