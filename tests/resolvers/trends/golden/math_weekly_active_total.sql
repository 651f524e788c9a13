-- p0 UInt32 = 1
-- p1 String = "paid"
-- p2 DateTime64(6, 'UTC') = "2020-01-05 23:59:59"
-- p3 DateTime64(6, 'UTC') = "2020-01-12 23:59:59"
SELECT
    uniqExact(transform(e.person_no, tupleElement(((
        SELECT
            tuple(groupArray(m.old_no), groupArray(m.new_no)) AS lists
        FROM person_merges AS m FINAL
        WHERE (m.project_id = {p0:UInt32})
    ) AS merges), 1), tupleElement(merges, 2), e.person_no)) AS figure
FROM events AS e
WHERE (e.project_id = {p0:UInt32})
    AND (e.event = {p1:String})
    AND (e.timestamp >= {p2:DateTime64(6, 'UTC')})
    AND (e.timestamp <= {p3:DateTime64(6, 'UTC')})
