-- p0 String = "UTC"
-- p1 UInt32 = 1
-- p2 String = "paid"
-- p3 DateTime64(6, 'UTC') = "2020-01-12 23:59:59"
-- p4 DateTime64(6, 'UTC') = "1970-01-02 00:00:00"
-- p5 DateTime64(6, 'UTC') = "2020-01-09 00:00:00"
SELECT
    (toInt32(toDate(first, {p0:String})) - 18270) AS bucket,
    count() AS figure
FROM (
    SELECT
        minIf(e.timestamp, 1) AS first,
        min(e.timestamp) AS ever
    FROM events AS e
    WHERE (e.project_id = {p1:UInt32})
        AND (e.event = {p2:String})
        AND (e.timestamp <= {p3:DateTime64(6, 'UTC')})
        AND (e.timestamp >= {p4:DateTime64(6, 'UTC')})
    GROUP BY transform(e.person_no, tupleElement(((
        SELECT
            tuple(groupArray(m.old_no), groupArray(m.new_no)) AS lists
        FROM person_merges AS m FINAL
        WHERE (m.project_id = {p1:UInt32})
    ) AS merges), 1), tupleElement(merges, 2), e.person_no)
) AS persons
WHERE (first >= {p5:DateTime64(6, 'UTC')})
GROUP BY bucket
