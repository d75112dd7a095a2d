import { LOG_CORPUS, SECRET_CORPORA, type SecretCorpus } from '../../test/support/corpora.ts';
import {
  changedIn,
  kindsNotFoundOf,
  type Leaked,
  leakedByTools,
  recallOn,
} from '../../test/support/corpus-scores.ts';
import type { Figure } from '../pairs.ts';

/** What an issue asks of each corpus, in percent of its secrets. */
const RECALL_AIMS: Readonly<Record<SecretCorpus, number | null>> = {
  noseyparker: 85,
  'detect-secrets': 80,
  secretlint: 95,
  gitleaks: 95,
};
const KINDS_AIM = 200;
const CHANGED_AIM = 0.1;
const LEAKED_AIM = 2.5;

const percent = (part: number, whole: number): number => Math.round((10_000 * part) / whole) / 100;

/** What is found of the secrets in texts of other projects, and what is changed of texts without any. */
export function accuracyOfScrubbing(): readonly Figure[] {
  const corpora = SECRET_CORPORA.flatMap((corpus): Figure[] => {
    const { rows, found, half } = recallOn(corpus);
    const harmless = changedIn(corpus);
    const unit = '%' as const;
    return [
      {
        ...{ name: `recall: ${corpus}`, reached: percent(found, rows), unit, of: `${rows} secrets` },
        ...{ aim: RECALL_AIMS[corpus], note: `a part of ${half} more` },
      },
      {
        ...{ name: `precision: ${corpus}`, reached: percent(found, found + harmless.changed), unit },
        ...{ of: `${found + harmless.changed} texts that were changed`, aim: null },
        note: `${harmless.changed} of ${harmless.rows} texts that its own rules leave alone`,
      },
    ];
  });
  const { kinds, none } = kindsNotFoundOf('gitleaks');
  const logs = changedIn(LOG_CORPUS);
  return [
    ...corpora,
    {
      ...{ name: 'kinds of secrets: gitleaks', reached: kinds - none.length, unit: 'rules' },
      ...{ of: `${kinds} kinds`, aim: KINDS_AIM, note: none.join(', ') },
    },
    {
      ...{ name: 'log lines wrongly changed', reached: percent(logs.changed, logs.rows), unit: '%' },
      ...{ of: `${logs.rows} lines of CI jobs`, aim: CHANGED_AIM },
    },
    leaked('known values that survive', leakedByTools(false), LEAKED_AIM),
    leaked('known values that survive reversing, packing, dumping', leakedByTools(true), null),
  ];
}

function leaked(name: string, { planted, leaked: count, tools }: Leaked, aim: number | null): Figure {
  const most = [...tools].toSorted(([, one], [, other]) => other - one);
  return {
    ...{ name, reached: percent(count, planted), unit: '%', of: `${planted} outputs of tools`, aim },
    note: most.map(([tool, outputs]) => `${tool} ${outputs}`).join(', '),
  };
}
