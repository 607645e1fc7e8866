// Runs strava-token where no container can: takes the program of this release from
// the runner's tool cache, or downloads it, and starts it as a workflow step.
//
// release.json is written by the release commit and names the SHA-256 of every
// program. It's compared before every start, since earlier jobs of a self-hosted
// runner can write to its cache: whoever pins the commit pins the program.
'use strict';

const { spawn } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const os = require('node:os');
const path = require('node:path');
const tls = require('node:tls');
const zlib = require('node:zlib');

const maxBytes = 64 << 20; // a program has about ten million
const silence = 30_000; // ms without a byte
const pauses = [1_000, 4_000]; // ms before the second and the third attempt
const systems = { linux: 'linux', darwin: 'darwin', win32: 'windows' };
const architectures = { x64: 'amd64', arm64: 'arm64', arm: 'armv6' };
const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/;

// Problem is told as it is: what happened, why, what is next. Failure has a code
// alone, since its text could hold an address.
class Problem extends Error {}
class Failure extends Error { constructor(code) { super(); this.code = code; } }

function command(kind, text) {
  const escaped = text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  fs.writeSync(1, `::${kind} title=strava-token::${escaped}\n`);
}

// readRelease returns what the release commit wrote: version, repository and sums.
function readRelease() {
  const file = path.join(__dirname, 'release.json');
  if (fs.existsSync(file)) return JSON.parse(fs.readFileSync(file, 'utf8'));
  throw new Problem('This commit is no release, so it names no program to run. Next: use a tag such as @v1, or the commit of a release.');
}

function systemOf(sums) {
  const name = `${systems[process.platform]}_${architectures[process.arch]}`;
  if (Object.hasOwn(sums, name)) return name;
  throw new Problem(`There is no program for ${process.platform} on ${process.arch}. Next: use a runner with one of ${Object.keys(sums).join(', ')}.`);
}

const isProgram = (content, sum) => crypto.createHash('sha256').update(content).digest('hex') === sum;

// holds returns whether a file is the program.
function holds(file, sum) {
  if (!fs.existsSync(file)) return false;
  const stat = fs.lstatSync(file);
  return stat.isFile() && stat.size <= maxBytes && isProgram(fs.readFileSync(file), sum);
}

// keep lets the file appear whole or not at all: another run may do the same now.
function keep(file, content, sum) {
  const dir = path.dirname(file);
  const part = path.join(dir, `.${process.pid}-${crypto.randomBytes(6).toString('hex')}`);
  try {
    fs.mkdirSync(dir, { recursive: true });
    fs.writeFileSync(part, content, { mode: 0o755, flag: 'wx' });
    fs.renameSync(part, file);
  } catch (err) {
    // Windows replaces no program that runs: then another run has put it there.
    if (holds(file, sum)) return;
    throw new Problem(`The program can't be written to ${dir} (${err.code}). Next: make room there, let the runner's user write to it, or name another folder in RUNNER_TOOL_CACHE.`);
  } finally {
    fs.rm(part, () => {}); // if it was not renamed
  }
}

// safe allows https, and http to this machine.
function safe(url) {
  return url.protocol === 'https:' || (url.protocol === 'http:' && loopback.test(url.hostname));
}

// downloads is where the programs of all releases are. A mirror's address may hold
// a credential, so it's never printed.
function downloads(repository) {
  const mirror = process.env.STRAVA_TOKEN_DOWNLOADS;
  if (!mirror) return `https://github.com/${repository}/releases/download`;
  if (URL.canParse(mirror) && safe(new URL(mirror))) return mirror.replace(/\/+$/, '');
  throw new Problem('STRAVA_TOKEN_DOWNLOADS is no https address. Next: correct it, or remove it to download from GitHub.');
}

// proxyFor returns the proxy that the environment names for a host, if any.
function proxyFor(url) {
  const get = (name) => process.env[name] || process.env[name.toUpperCase()] || '';
  const address = get('https_proxy');
  if (!address || loopback.test(url.hostname)) return null;
  for (const entry of get('no_proxy').split(/[\s,]+/).filter(Boolean)) {
    const host = entry.replace(/^\*?\./, '').replace(/:\d+$/, '');
    if (entry === '*' || url.hostname === host || url.hostname.endsWith(`.${host}`)) return null;
  }
  const text = address.includes('://') ? address : `http://${address}`;
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return new URL(text);
  throw new Problem('HTTPS_PROXY holds no address. Next: write it as http://HOST:PORT.');
}

function watch(request, failed) {
  request.on('timeout', () => request.destroy(new Failure('ETIMEDOUT')));
  return request.on('error', failed);
}

// tunnel asks a proxy for a connection to the host of url.
function tunnel(proxy, url) {
  return new Promise((resolve, reject) => {
    const target = `${url.hostname}:${url.port || 443}`;
    const login = Buffer.from(decodeURIComponent(`${proxy.username}:${proxy.password}`)).toString('base64');
    const headers = { Host: target, ...(proxy.username && { 'Proxy-Authorization': `Basic ${login}` }) };
    const refused = (why) => reject(new Problem(`The proxy in HTTPS_PROXY gives no connection to ${url.hostname} (${why}). Next: let it through there, or name the host in NO_PROXY.`));
    const request = (proxy.protocol === 'https:' ? https : http).request(proxy, { method: 'CONNECT', path: target, headers, timeout: silence });
    request.on('connect', (answer, socket) => {
      if (answer.statusCode === 200) return resolve(socket);
      socket.destroy();
      refused(answer.statusCode);
    });
    request.on('response', (answer) => { answer.destroy(); refused(answer.statusCode); });
    watch(request, (err) => refused(err.code)).end();
  });
}

// get returns the body behind an address, over at most five redirects.
async function get(url, redirects = 5) {
  if (!safe(url)) throw new Problem('The download was sent to an address without https, and refused. Next: look at the proxy or the mirror in between.');
  const options = { timeout: silence, headers: { 'User-Agent': 'strava-token' } };
  const proxy = proxyFor(url);
  if (proxy) {
    const socket = await tunnel(proxy, url);
    options.createConnection = () => tls.connect({ socket, servername: url.hostname, ALPNProtocols: ['http/1.1'] });
  }
  const client = url.protocol === 'https:' ? https : http;
  const answer = await new Promise((resolve, reject) => watch(client.get(url, options, resolve), reject));
  if (answer.statusCode !== 200) {
    answer.destroy();
    const { location } = answer.headers;
    if (location && redirects > 0) return get(new URL(location, url), redirects - 1);
    throw new Failure(answer.statusCode);
  }
  const parts = [];
  let size = 0;
  for await (const part of answer) {
    parts.push(part);
    if ((size += part.length) > maxBytes) throw new Failure('too large');
  }
  return Buffer.concat(parts);
}

async function download(url, release, system) {
  for (let attempt = 0; ; attempt++) {
    try {
      return await get(url);
    } catch (err) {
      if (err instanceof Problem) throw err;
      if (err.code === 404 || err.code === 403) {
        throw new Problem(`The release ${release.version} of ${release.repository} offers no program for ${system} (${err.code}). Next: see https://github.com/${release.repository}/releases: it may be a draft still, or a private repository, or the mirror lacks the file.`);
      }
      if (attempt === pauses.length) {
        throw new Problem(`The program can't be downloaded (${err.code}). Nothing was sent to Strava. Next: run the job again, or let the runner reach github.com and release-assets.githubusercontent.com.`);
      }
      await new Promise((resolve) => setTimeout(resolve, pauses[attempt]));
    }
  }
}

// unpack returns the first file of an archive, the program; what isn't an archive
// has the wrong sum.
function unpack(archive) {
  try {
    const tar = zlib.gunzipSync(archive, { maxOutputLength: maxBytes });
    return tar.subarray(512, 512 + parseInt(tar.toString('latin1', 124, 136), 8));
  } catch {
    return Buffer.alloc(0);
  }
}

async function program() {
  const release = readRelease();
  const system = systemOf(release.sums);
  const sum = release.sums[system];
  const cache = process.env.RUNNER_TOOL_CACHE || process.env.RUNNER_TEMP || os.tmpdir();
  const file = path.join(cache, 'strava-token', release.version.slice(1), process.arch, process.platform === 'win32' ? 'strava-token.exe' : 'strava-token');
  if (holds(file, sum)) return file;
  if (fs.existsSync(file)) {
    command('warning', `${file} isn't the program of this release: something changed it. It was not run, and is downloaded again. Next: find out which job writes there.`);
  }
  const asset = `strava-token_${release.version}_${system}.tar.gz`;
  const url = new URL(`${downloads(release.repository)}/${release.version}/${asset}`);
  const content = unpack(await download(url, release, system));
  if (!isProgram(content, sum)) {
    throw new Problem(`What was downloaded isn't the program of ${release.version}: its SHA-256 differs. It was not run. Next: run the job again; if it stays so, a proxy or mirror changes the file, or the release was tampered with.`);
  }
  keep(file, content, sum);
  return file;
}

// run starts the program and ends as it does. The runner's signals are passed on,
// but not on Windows: there they'd kill the program in the middle of a refresh.
function run(file) {
  let child;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGBREAK']) {
    process.on(signal, () => { if (process.platform !== 'win32') child?.kill(signal); });
  }
  child = spawn(file, ['action'], { stdio: 'inherit' });
  child.on('error', (err) => fail(new Problem(`The program can't be started (${err.code}). Next: let ${path.dirname(file)} hold programs (no noexec there), or name another folder in RUNNER_TOOL_CACHE.`)));
  child.on('exit', (code, signal) => { process.exitCode = code ?? 128 + os.constants.signals[signal]; });
}

function fail(err) {
  command('error', err instanceof Problem ? err.message : `The launcher failed (${err.code ?? err.name}). Next: report this to <OWNER>/strava-token, and use its container meanwhile.`);
  process.exitCode = 1;
}

program().then(run).catch(fail);
