-- SPDX-License-Identifier: GPL-2.0-only
-- The runs' database, and one view of it: what was measured, not what follows from it. Statistics
-- are computed by the programs of stats/. A table keeps each line of points.jsonl as it is; the
-- columns are read from it, so that this file is the only list of them.
--
-- user_version is that of these tables: cmd/database.sh looks at it before anything else.
PRAGMA application_id = 0x76686c62;
PRAGMA user_version = 1;

-- A run is what its env.json says, wherever its folder is now: imported twice, it is one.
CREATE TABLE IF NOT EXISTS run (
	id INTEGER PRIMARY KEY,
	folder TEXT NOT NULL,
	env TEXT NOT NULL UNIQUE,
	date TEXT AS (env ->> '$.date') STORED,
	revision TEXT AS (env ->> '$.git.revision') STORED,
	dirty INTEGER AS (env ->> '$.git.dirty') STORED,
	kernel TEXT AS (env ->> '$.kernel') STORED,
	kernel_version TEXT AS (env ->> '$.kernel_version') STORED,
	module_sha256 TEXT AS (env ->> '$.module.sha256') STORED,
	intree_sha256 TEXT AS (env ->> '$.intree.sha256') STORED,
	config_sha256 TEXT AS (env ->> '$.config_sha256') STORED,
	seed INTEGER AS (env ->> '$.seed') STORED,
	cpu TEXT AS (env ->> '$.cpu') STORED,
	cpus INTEGER AS (env ->> '$.cpus') STORED,
	host_cpu TEXT AS (env ->> '$.host_cpu') STORED,
	qemu TEXT AS (env ->> '$.qemu') STORED
);

-- `line` has all of it; detail and knobs are objects, as text.
CREATE TABLE IF NOT EXISTS point (
	run INTEGER NOT NULL REFERENCES run,
	line TEXT NOT NULL,
	point TEXT AS (line ->> '$.point') STORED,
	rep INTEGER AS (line ->> '$.rep') STORED,
	experiment TEXT AS (line ->> '$.experiment') STORED,
	server TEXT AS (line ->> '$.server') STORED,
	guest TEXT AS (line ->> '$.guest') STORED,
	workload TEXT AS (line ->> '$.workload') STORED,
	size INTEGER AS (line ->> '$.size') STORED,
	burst INTEGER AS (line ->> '$.burst') STORED,
	queues INTEGER AS (line ->> '$.queues') STORED,
	guests INTEGER AS (line ->> '$.guests') STORED,
	sink TEXT AS (line ->> '$.sink') STORED,
	knobs TEXT AS (line -> '$.knobs') VIRTUAL,
	clock TEXT AS (line ->> '$.clock') STORED,
	accel TEXT AS (line ->> '$.accel') STORED,
	packets INTEGER AS (line ->> '$.packets') STORED,
	lost INTEGER AS (line ->> '$.lost') STORED,
	corrupt INTEGER AS (line ->> '$.corrupt') STORED,
	seconds REAL AS (line ->> '$.seconds') STORED,
	cost_per_packet REAL AS (line ->> '$.cost_per_packet') STORED,
	above_floor_per_packet REAL AS (line ->> '$.above_floor_per_packet') STORED,
	syscalls_per_packet REAL AS (line ->> '$.syscalls_per_packet') STORED,
	kicks_per_packet REAL AS (line ->> '$.kicks_per_packet') STORED,
	calls_per_packet REAL AS (line ->> '$.calls_per_packet') STORED,
	latency_p50 REAL AS (line ->> '$.latency_p50') STORED,
	latency_p99 REAL AS (line ->> '$.latency_p99') STORED,
	latency_p999 REAL AS (line ->> '$.latency_p999') STORED,
	detail TEXT AS (line -> '$.detail') VIRTUAL,
	UNIQUE (run, point, rep)
);

-- One row a repetition, the run it is of in front: what `export --format csv` prints. A view holds no
-- data: that of a database which is older than a column is replaced.
DROP VIEW IF EXISTS measurement;
CREATE VIEW measurement AS
SELECT r.folder AS run, r.date, r.revision, r.dirty, r.kernel, r.kernel_version,
	r.module_sha256, r.intree_sha256, r.config_sha256, r.seed, r.cpu, r.cpus, r.host_cpu, r.qemu,
	p.point, p.rep, p.experiment, p.server, p.guest, p.workload, p.size, p.burst, p.queues, p.guests,
	p.sink, p.clock, p.accel, p.packets, p.lost, p.corrupt, p.seconds, p.cost_per_packet,
	p.above_floor_per_packet, p.syscalls_per_packet, p.kicks_per_packet, p.calls_per_packet,
	p.latency_p50, p.latency_p99, p.latency_p999, p.line ->> '$.release' AS release,
	p.line ->> '$.noise' AS noise,
	p.line -> '$.pmu' AS pmu, p.line -> '$.ns_per_buffer' AS ns_per_buffer, p.knobs, p.detail
FROM run AS r JOIN point AS p ON p.run = r.id ORDER BY r.date, r.id, p.rowid;
