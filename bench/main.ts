/**
 * Runs the benchmarks: `npm run bench -- [name ...] [--quick] [--json] [--list]`. A missed target
 * is printed, never an exit code: it depends on the machine. A benchmark that fails is one.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { newAnchor } from '../sim/clock.js';
import { benches } from './benches.js';
import { type Bench, type Figure, judge, samplesMin, spreadOf } from './figure.js';
import { figureTable } from './table.js';

const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function runAll(chosen: readonly Bench[], quick: boolean): Promise<boolean> {
  const figures: Figure[] = [];
  let whole = true;
  for (const bench of chosen) {
    say(`${bench.name}: ${bench.what}`);
    try {
      const found = await bench.run({ quick, say: (text) => say(`  ${text}`) });
      figures.push(...found);
      if (!quick) requireSamples(found);
    } catch (error) {
      whole = false;
      say(`  failed: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }
  const machine = {
    takenAt: newAnchor().wallClock,
    cpus: cpus().length,
    cpu: cpus()[0]?.model ?? 'unknown',
    node: process.version,
    quick,
  };
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ machine, figures: figures.map(withVerdict) }, null, 2)}\n`
      : `${figureTable(figures)}\n\n${JSON.stringify(machine)}\n`,
  );
  return whole;
}

/** What the machine lacks something for has no samples at all. */
function requireSamples(figures: readonly Figure[]): void {
  for (const { name, samples, target } of figures)
    if (target !== null && samples.length > 0 && samples.length < samplesMin)
      throw new Error(`${name} has ${samples.length} samples, and ${samplesMin} are demanded`);
}

function withVerdict(figure: Figure): object {
  return { ...figure, ...spreadOf(figure.samples), judged: judge(figure) || null };
}

// Ends in order, so that programs that were started end too.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
});
const unknown = positionals.filter((name) => !benches.some((bench) => bench.name === name));
if (values.list || unknown.length > 0) {
  for (const name of unknown) say(`no benchmark "${name}"; there are:`);
  for (const { name, what } of benches) say(`${name.padEnd(20)} ${what}`);
  process.exitCode = unknown.length > 0 ? 64 : 0;
} else {
  const chosen = benches.filter(
    ({ name }) => positionals.length === 0 || positionals.includes(name),
  );
  process.exitCode = (await runAll(chosen, values.quick)) ? 0 : 1;
}
