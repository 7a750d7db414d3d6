/** An authority with a certificate for servers of the tests, in files that they can read. */
import { webcrypto } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Authority {
  /** PEM of the authority. */
  readonly pem: string;
  readonly files: { readonly ca: string; readonly certificate: string; readonly key: string };
  remove(): void;
}

const algorithm = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
} as const;
/** Long past and far ahead: no clock need be asked. */
const validity = {
  notBefore: new Date('2020-01-01T00:00:00Z'),
  notAfter: new Date('2060-01-01T00:00:00Z'),
};

/** @param names the DNS names that the certificate is for */
export async function makeAuthority(names: readonly string[]): Promise<Authority> {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  x509.cryptoProvider.set(webcrypto);
  const authorityKeys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Authority of a test',
    ...validity,
    keys: authorityKeys,
    signingAlgorithm: algorithm,
    extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
  });
  const certificate = await x509.X509CertificateGenerator.create({
    subject: 'CN=Server of a test',
    issuer: authority.subject,
    ...validity,
    publicKey: keys.publicKey,
    signingKey: authorityKeys.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: 'dns' as const, value })),
      ),
    ],
  });
  const folder = mkdtempSync(join(tmpdir(), 'rehearse-authority-'));
  chmodSync(folder, 0o755);
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    // A key of a test: the account that servers run as must be able to read it.
    writeFileSync(path, text, { mode: 0o644 });
    return path;
  };
  const pem = authority.toString('pem');
  const keyBytes = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    pem,
    files: {
      ca: write('ca.pem', pem),
      certificate: write('certificate.pem', certificate.toString('pem')),
      key: write('key.pem', x509.PemConverter.encode(keyBytes, 'PRIVATE KEY')),
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
