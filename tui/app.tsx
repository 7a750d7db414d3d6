/**
 * The screen as an Ink application. It knows nothing of runs: a controller gives it lines and takes
 * its keys. Each line is one text that is cut at the width, never wrapped; its colours are in it.
 */
import { Box, type Key, Text, useInput, useStdin } from 'ink';
import { useEffect, useSyncExternalStore } from 'react';
import type { ScreenController } from './controller.js';
import type { FrameLine } from './frame.js';
import { painted, type Theme } from './theme.js';

interface AppProps {
  readonly controller: ScreenController;
  readonly theme: Theme;
  /** Tells that what is drawn first is drawn. */
  readonly onReady: () => void;
}

export function App({ controller, theme, onReady }: AppProps) {
  useSyncExternalStore(controller.subscribe, controller.version);
  const { isRawModeSupported } = useStdin();
  const press = (input: string, key: Key): void => {
    for (const name of keyNames(input, key)) controller.press(name);
  };
  useInput(press, { isActive: isRawModeSupported });
  useEffect(onReady, [onReady]);
  return (
    <Box flexDirection="column">
      {controller.lines().map((line, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row of a screen is its place
        <Row key={row} line={line} theme={theme} />
      ))}
    </Box>
  );
}

function Row({ line, theme }: { readonly line: FrameLine; readonly theme: Theme }) {
  // A line without any text would have no height.
  const text = painted(line.line, theme) || ' ';
  const said = line.said === undefined ? {} : { 'aria-label': line.said };
  return (
    <Text wrap="truncate" {...said}>
      {text}
    </Text>
  );
}

const named = {
  left: 'leftArrow',
  right: 'rightArrow',
  up: 'upArrow',
  down: 'downArrow',
  home: 'home',
  end: 'end',
  escape: 'escape',
} as const satisfies Readonly<Record<string, keyof Key>>;

/** Of keys that came together with others, which Ink does not take apart. */
const others: Readonly<Record<string, string>> = { ' ': 'space', '\u0003': 'ctrl+c' };

/** The names of keys, as the table of keys has them; some keys may have come at once. */
export function keyNames(input: string, key: Key): string[] {
  for (const [name, flag] of Object.entries(named))
    if (key[flag]) return [key.shift ? `shift+${name}` : name];
  if (key.ctrl) return [`ctrl+${input}`];
  return [...input].map((one) => others[one] ?? one);
}
