-- p0 String = "UTC"
-- p1 DateTime64(6, 'UTC') = "2020-01-09 00:00:00"
-- p2 UInt32 = 1
-- p3 String = "paid"
-- p4 DateTime64(6, 'UTC') = "2020-01-12 23:59:59"
-- p5 DateTime64(6, 'UTC') = "1970-01-02 00:00:00"
SELECT
    (toInt32(toDate(first, {p0:String})) - 18270) AS bucket,
    count() AS figure
FROM (
    SELECT
        minIf(e.timestamp, (1 AND (e.timestamp >= {p1:DateTime64(6, 'UTC')}))) AS first,
        min(e.timestamp) AS ever
    FROM events AS e
    WHERE (e.project_id = {p2:UInt32})
        AND (e.event = {p3:String})
        AND (e.timestamp <= {p4:DateTime64(6, 'UTC')})
        AND (e.timestamp >= {p5:DateTime64(6, 'UTC')})
    GROUP BY transform(e.person_no, tupleElement(((
        SELECT
            tuple(groupArray(m.old_no), groupArray(m.new_no)) AS lists
        FROM person_merges AS m FINAL
        WHERE (m.project_id = {p2:UInt32})
    ) AS merges), 1), tupleElement(merges, 2), e.person_no)
) AS persons
WHERE (first >= {p1:DateTime64(6, 'UTC')})
    AND (first = ever)
GROUP BY bucket
