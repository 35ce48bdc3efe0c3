-- SPDX-License-Identifier: GPL-2.0-only
-- The table that `export --format parquet-ready` prints: columns of one type each, in one order.
-- Of detail what is a number or a word; its objects and arrays have no column. cmd/export adds a
-- column for each knob that sweep/vocab.c knows, of the type of its values, and drops `knobs`.
CREATE TABLE flat (
	run TEXT, date TEXT, revision TEXT, dirty BOOLEAN, kernel TEXT, kernel_version TEXT,
	module_sha256 TEXT, intree_sha256 TEXT, config_sha256 TEXT, seed INTEGER, cpu TEXT, cpus INTEGER,
	host_cpu TEXT, qemu TEXT,
	point TEXT, rep INTEGER, experiment TEXT, server TEXT, guest TEXT, workload TEXT, size INTEGER,
	burst INTEGER, queues INTEGER, guests INTEGER, sink TEXT, clock TEXT, accel TEXT,
	packets INTEGER, lost INTEGER, corrupt INTEGER, seconds REAL, cost_per_packet REAL,
	above_floor_per_packet REAL, syscalls_per_packet REAL, kicks_per_packet REAL,
	calls_per_packet REAL, latency_p50 REAL, latency_p99 REAL, latency_p999 REAL,
	release TEXT, noise REAL, pmu_cycles_per_packet REAL, pmu_instructions_per_packet REAL, pmu_ipc REAL,
	pmu_llc_misses_per_packet REAL, pmu_branch_misses_per_packet REAL,
	pmu_l1d_misses_per_packet REAL, pmu_dtlb_misses_per_packet REAL,
	ns_per_buffer_p10 REAL, ns_per_buffer_p25 REAL, ns_per_buffer_p50 REAL, ns_per_buffer_p75
	REAL, ns_per_buffer_p90 REAL, ns_per_buffer_server REAL, ns_per_buffer_driver REAL,
	detail_offered INTEGER, detail_misordered INTEGER, detail_wakeups INTEGER,
	detail_harness_drops INTEGER, detail_tap_dropped INTEGER, detail_late INTEGER,
	detail_log_pages INTEGER, detail_window_packets INTEGER, detail_window_cost INTEGER,
	detail_window_idle INTEGER, detail_policy TEXT, detail_serving_tasks INTEGER,
	detail_serving_tasks_shared BOOLEAN, detail_counted_packets INTEGER,
	detail_counted_seconds REAL, detail_syscalls_total INTEGER, detail_total_kicks INTEGER,
	detail_total_calls INTEGER, detail_jain REAL, detail_min_max REAL,
	detail_main_syscalls_per_packet REAL, detail_bits_per_second REAL,
	detail_transactions_per_second REAL, detail_offered_per_second REAL,
	detail_sent_per_second REAL, detail_retransmits INTEGER,
	knobs TEXT
);

INSERT INTO flat
SELECT run, date, revision,
	CASE dirty WHEN 1 THEN 'true' WHEN 0 THEN 'false' END, kernel, kernel_version,
	module_sha256, intree_sha256, config_sha256, seed, cpu, cpus, host_cpu, qemu, point, rep,
	experiment, server, guest, workload, size, burst, queues, guests, sink, clock, accel,
	packets, lost, corrupt, seconds, cost_per_packet, above_floor_per_packet, syscalls_per_packet,
	kicks_per_packet, calls_per_packet, latency_p50, latency_p99, latency_p999,
	release, noise, pmu ->> '$.cycles_per_packet', pmu ->> '$.instructions_per_packet', pmu ->> '$.ipc',
	pmu ->> '$.llc_misses_per_packet', pmu ->> '$.branch_misses_per_packet', pmu ->>
	'$.l1d_misses_per_packet', pmu ->> '$.dtlb_misses_per_packet',
	ns_per_buffer ->> '$.p10', ns_per_buffer ->> '$.p25', ns_per_buffer ->> '$.p50',
	ns_per_buffer ->> '$.p75', ns_per_buffer ->> '$.p90', ns_per_buffer ->> '$.server',
	ns_per_buffer ->> '$.driver',
	detail ->> '$.offered', detail ->> '$.misordered', detail ->> '$.wakeups',
	detail ->> '$.harness_drops', detail ->> '$.tap_dropped', detail ->> '$.late',
	detail ->> '$.log_pages', detail ->> '$.window_packets', detail ->> '$.window_cost',
	detail ->> '$.window_idle', detail ->> '$.policy', detail ->> '$.serving_tasks',
	CASE detail ->> '$.serving_tasks_shared' WHEN 1 THEN 'true' WHEN 0 THEN 'false' END,
	detail ->> '$.counted_packets', detail ->> '$.counted_seconds', detail ->> '$.syscalls_total',
	detail ->> '$.total_kicks', detail ->> '$.total_calls', detail ->> '$.jain',
	detail ->> '$.min_max', detail ->> '$.main_syscalls_per_packet', detail ->> '$.bits_per_second',
	detail ->> '$.transactions_per_second', detail ->> '$.offered_per_second',
	detail ->> '$.sent_per_second', detail ->> '$.retransmits', knobs
FROM measurement;

-- The names that Arrow has for these types, and DuckDB, too.
CREATE VIEW flat_types AS
SELECT json_group_object(name, CASE type WHEN 'INTEGER' THEN 'int64' WHEN 'REAL' THEN 'double'
	WHEN 'BOOLEAN' THEN 'bool' ELSE 'string' END) AS types
FROM pragma_table_info('flat');

-- Knobs of the points that have no column.
CREATE VIEW flat_unknown AS
SELECT DISTINCT key FROM flat, json_each(flat.knobs)
WHERE 'knob_' || key NOT IN (SELECT name FROM pragma_table_info('flat'));
