-- SPDX-License-Identifier: GPL-2.0-only
-- Adds runs to a database with the tables of history.sql, all of them or none. Standard input has,
-- of each run, one line {"run": FOLDER, "env": its env.json} and then its points.jsonl. Prints one
-- line: `bad`, the number of a line of points.jsonl that is none, and its run; or `good`, the runs
-- that are new, the points that are new, and the points that changed.
PRAGMA temp_store = memory;
CREATE TEMP TABLE input (text TEXT);
-- One field a line, whatever is in it: no JSON has these separators.
.mode ascii
.separator "\037" "\n"
.import --schema temp /dev/stdin input

CREATE TEMP TABLE head AS
SELECT rowid AS at, lead(rowid, 1, 1 << 62) OVER (ORDER BY rowid) AS until,
	text ->> '$.run' AS folder, text -> '$.env' AS env
FROM input WHERE text LIKE '{"run":%' AND json_valid(text);

CREATE TEMP TABLE bad AS
SELECT h.folder, i.rowid - h.at AS line
FROM head AS h JOIN input AS i ON i.rowid > h.at AND i.rowid < h.until
WHERE CASE WHEN json_valid(i.text) THEN coalesce(json_type(i.text, '$.point') <> 'text'
	OR json_type(i.text, '$.rep') <> 'integer', 1) ELSE 1 END
ORDER BY i.rowid LIMIT 1;
DELETE FROM head WHERE EXISTS (SELECT * FROM bad);

INSERT INTO run (folder, env) SELECT folder, env FROM head WHERE true ON CONFLICT (env) DO NOTHING;
CREATE TEMP TABLE runs_added AS SELECT changes() AS n;

-- Of one repetition that a file has twice, the last line counts, as everywhere.
CREATE TEMP TABLE incoming AS
SELECT r.id AS run, i.text ->> '$.point' AS point, i.text ->> '$.rep' AS rep, json(i.text) AS line,
	max(i.rowid) AS at
FROM head AS h JOIN run AS r ON r.env = h.env
	JOIN input AS i ON i.rowid > h.at AND i.rowid < h.until
GROUP BY 1, 2, 3 ORDER BY at;
CREATE TEMP TABLE points_added AS
SELECT count(*) AS n
FROM incoming AS i LEFT JOIN point AS p USING (run, point, rep) WHERE p.line IS NULL;
INSERT INTO point (run, line) SELECT run, line FROM incoming WHERE true ORDER BY at
ON CONFLICT (run, point, rep) DO UPDATE SET line = excluded.line WHERE line <> excluded.line;
CREATE TEMP TABLE written AS SELECT changes() AS n;

.mode list
.separator " " "\n"
SELECT 'bad', line, folder FROM bad;
SELECT 'good', a.n, p.n, w.n - p.n FROM runs_added AS a, points_added AS p, written AS w
WHERE NOT EXISTS (SELECT * FROM bad);
