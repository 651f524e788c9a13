-- p0 UInt32 = 1
-- p1 String = "sign up"
-- p2 DateTime('UTC') = "2020-01-09 00:00:00"
-- p3 DateTime('UTC') = "2020-01-12 23:00:00"
-- p4 DateTime64(6, 'UTC') = "2020-01-09 00:00:00"
-- p5 DateTime64(6, 'UTC') = "2020-01-12 23:59:59"
-- p6 DateTime64(6, 'UTC') = "2020-01-12 23:00:00"
SELECT
    bitmapCardinality(bitmapTransform(groupBitmapMergeState(people), tupleElement(((
        SELECT
            tuple(groupArray(m.old_no), groupArray(m.new_no)) AS lists
        FROM person_merges AS m FINAL
        WHERE (m.project_id = {p0:UInt32})
    ) AS merges), 1), tupleElement(merges, 2))) AS figure
FROM (
    SELECT
        groupBitmapMergeState(h.people) AS people
    FROM events_by_hour AS h
    WHERE (h.project_id = {p0:UInt32})
        AND (h.event = {p1:String})
        AND (h.hour >= {p2:DateTime('UTC')})
        AND (h.hour < {p3:DateTime('UTC')})
    UNION ALL
    SELECT
        groupBitmapState(e.person_no) AS people
    FROM events AS e
    WHERE (e.project_id = {p0:UInt32})
        AND (e.event = {p1:String})
        AND (e.timestamp >= {p4:DateTime64(6, 'UTC')})
        AND (e.timestamp <= {p5:DateTime64(6, 'UTC')})
        AND ((e.timestamp < {p4:DateTime64(6, 'UTC')}) OR (e.timestamp >= {p6:DateTime64(6, 'UTC')}))
) AS hours
