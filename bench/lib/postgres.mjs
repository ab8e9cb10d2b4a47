// A PostgreSQL of its own for the measurements: durable like a real one (fsync and synchronous commit as they are by default),
// with a quarter of a gigabyte of buffers. It refuses to run as root; then it runs as the user `postgres`.

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './process.mjs';

/** Where Debian keeps the programs. */
function binaries() {
  const base = '/usr/lib/postgresql';
  const versions = existsSync(base) ? readdirSync(base).filter((name) => /^\d+$/.test(name)) : [];
  if (versions.length === 0) throw new Error('PostgreSQL がありません。dev/setup-packages.sh bench で入れてください。');
  return join(base, versions.sort((a, b) => b - a)[0], 'bin');
}

/** Whose ids the programs run under. */
function user() {
  if (process.getuid() !== 0) return {};
  const id = (flag) => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout);
  return { uid: id('-u'), gid: id('-g') };
}

export class Postgres {
  static async start(folder, port) {
    const server = new Postgres();
    Object.assign(server, { port, bin: binaries(), data: join(folder, 'data'), as: { ...user(), cwd: '/' } });
    if (!existsSync(server.data)) {
      mkdirSync(folder, { recursive: true });
      chmodSync(folder, 0o777);
      const args = ['-D', server.data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C'];
      await run(join(server.bin, 'initdb'), args, server.as);
    }
    // One that an interrupted run has left behind.
    server.control(['stop', '-m', 'fast', '-w', '-s']);
    const options = `-p ${port} -k '' -c listen_addresses=127.0.0.1 -c shared_buffers=256MB -c max_wal_size=2GB`;
    const log = join(folder, 'log');
    const args = ['start', '-w', '-t', '120', '-l', log, '-o', options];
    if (server.control(args) !== 0) throw new Error(`PostgreSQL does not start; see ${log}`);
    return server;
  }

  url(database) {
    return `postgres://postgres@127.0.0.1:${this.port}/${database}`;
  }

  /** Runs statements and answers their rows as text. */
  async sql(database, statements, input) {
    const args = ['-qAt', '-v', 'ON_ERROR_STOP=1', '-d', this.url(database)];
    const { stdout } = await run(join(this.bin, 'psql'), [...args, ...statements.flatMap((s) => ['-c', s])], { input });
    return stdout.trim();
  }

  async fresh(database) {
    await this.sql('postgres', [`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`]);
    await this.sql('postgres', [`CREATE DATABASE ${database}`]);
  }

  async has(database) {
    return (await this.sql('postgres', [`SELECT 1 FROM pg_database WHERE datname = '${database}'`])) === '1';
  }

  /** What a database takes on the disk, in MB. */
  async disk(database) {
    return Number(await this.sql('postgres', [`SELECT pg_database_size('${database}')`])) / 1024 / 1024;
  }

  /** Its output is not taken: the server would keep the pipe open as long as it runs. */
  control(args) {
    return spawnSync(join(this.bin, 'pg_ctl'), [...args, '-D', this.data], { ...this.as, stdio: 'ignore' }).status;
  }

  stop() {
    this.control(['stop', '-m', 'fast', '-w']);
  }
}
