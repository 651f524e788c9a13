-- p0 String = "UTC"
-- p1 UInt32 = 1
-- p2 String = "paid"
-- p3 DateTime64(6, 'UTC') = "2020-01-09 00:00:00"
-- p4 DateTime64(6, 'UTC') = "2020-01-12 23:59:59"
SELECT
    bucket,
    ifNotFinite(quantileExactInclusive(0.9)(events), 0) AS figure
FROM (
    SELECT
        (toInt32(toDate(e.timestamp, {p0:String})) - 18270) AS bucket,
        count() AS events
    FROM events AS e
    WHERE (e.project_id = {p1:UInt32})
        AND (e.event = {p2:String})
        AND (e.timestamp >= {p3:DateTime64(6, 'UTC')})
        AND (e.timestamp <= {p4:DateTime64(6, 'UTC')})
    GROUP BY bucket, transform(e.person_no, tupleElement(((
        SELECT
            tuple(groupArray(m.old_no), groupArray(m.new_no)) AS lists
        FROM person_merges AS m FINAL
        WHERE (m.project_id = {p1:UInt32})
    ) AS merges), 1), tupleElement(merges, 2), e.person_no)
) AS counted
GROUP BY bucket
