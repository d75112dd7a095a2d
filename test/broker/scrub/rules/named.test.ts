import { describe, expect, test } from 'vitest';
import { named } from '../../../../src/broker/scrub/rules/named.ts';
import { hex } from '../../../../src/broker/scrub/rules/shapes.ts';
import { matchesOfRule } from '../../../support/matches-of-rule.ts';

const SECRET = hex(40).example;
const rule = named({ id: 'acme-key', names: ['acme_cloud'], secret: hex(40) });
const found = (line: string): string[] => matchesOfRule(rule, line);

describe('a secret behind the name of its provider', () => {
  test.each([
    `ACME_CLOUD_API_KEY=${SECRET}`,
    `export ACME_CLOUD_TOKEN='${SECRET}'`,
    `acme-cloud-api-key: "${SECRET}"`,
    `"acmeCloudApiToken":"${SECRET}"`,
    `{"name":"ACME_CLOUD_TOKEN","value":"${SECRET}"}`,
    `"ACME_CLOUD": {"value": "${SECRET}"}`,
    `--acme-cloud-token ${SECRET}`,
    `--acme-cloud-token=${SECRET}`,
    `<add key="AcmeCloudToken" value="${SECRET}"/>`,
    `<acmeCloudToken>${SECRET}</acmeCloudToken>`,
    `client.setAcmeCloudKey("${SECRET}")`,
    `System.setProperty("ACME_CLOUD_TOKEN", "${SECRET}")`,
    `config['acme_cloud']['token'] = '${SECRET}'`,
    `process.env.ACME_CLOUD_KEY || '${SECRET}'`,
    `const acmeCloudKey: string = "${SECRET}";`,
    `$acmeCloudToken .= "${SECRET}"`,
    `acme_cloud_TOKEN ::= "${SECRET}"`,
    `-H "X-Acme-Cloud-Key: ${SECRET}"`,
    `ENV ACME_CLOUD_TOKEN ${SECRET}`,
    `the acme-cloud key is ${SECRET}`,
    `{\\"acme_cloud_key\\":\\"${SECRET}\\"}`,
    `acme_cloud_key=&quot;${SECRET}&quot;`,
    `?acme_cloud_key%3D${SECRET}`,
    `ACME_CLOUD_KEY=\u001b[32m${SECRET}\u001b[0m`,
    `{"config.ini": "ACME_CLOUD_TOKEN=${SECRET}\\nBACKUP=true"}`,
  ])('is found in %s', (line) => {
    expect(found(line)).toEqual([SECRET]);
  });

  test('is found where the name occurs more than once, and the first time nothing follows', () => {
    expect(found(`acme_cloud_${'x'.repeat(60)}_acme_cloud_key = ${SECRET}`)).toEqual([SECRET]);
    expect(found(`acme_cloud, acme_cloud: ${SECRET}`)).toEqual([SECRET]);
  });

  test('is found each time', () => {
    expect(found(`acme_cloud=${SECRET} acme_cloud=${SECRET}`)).toEqual([SECRET, SECRET]);
  });

  test.each([
    `acme_cloud commit ${SECRET}`,
    `other_key=${SECRET}`,
    `acme_cloud_key=${SECRET}0123`,
    `acme_cloud_key=${'a'.repeat(40)}`,
    'acme_cloud_key=[REDACTED:acme-key]',
  ])('is not seen in %s', (line) => {
    expect(found(line)).toEqual([]);
  });
});
