-- SPDX-License-Identifier: GPL-2.0-only
-- What build/bench/history reads: one JSON object a repetition, its run's fields beside its own,
-- the runs in the order of their dates.
.mode list
SELECT json_object('run', r.folder, 'id', r.id, 'date', r.date, 'revision', r.revision,
	'dirty', r.dirty, 'kernel', r.kernel, 'experiment', p.experiment, 'point', p.point,
	'server', p.server, 'guest', p.guest, 'workload', p.workload, 'size', p.size, 'burst', p.burst,
	'queues', p.queues, 'guests', p.guests, 'sink', p.sink, 'knobs', json(p.knobs), 'clock', p.clock,
	'accel', p.accel, 'rep', p.rep, 'packets', p.packets, 'lost', p.lost, 'corrupt', p.corrupt,
	'seconds', p.seconds, 'cost_per_packet', p.cost_per_packet,
	'above_floor_per_packet', p.above_floor_per_packet, 'syscalls_per_packet', p.syscalls_per_packet,
	'kicks_per_packet', p.kicks_per_packet, 'calls_per_packet', p.calls_per_packet,
	'latency_p50', p.latency_p50, 'latency_p99', p.latency_p99, 'latency_p999', p.latency_p999,
	'detail', json_object('policy', p.detail ->> '$.policy'))
FROM run AS r JOIN point AS p ON p.run = r.id ORDER BY r.date, r.id, p.rowid;
