-- p0 String = "UTC"
-- p1 Identifier = "email"
-- p2 UInt32 = 1
-- p3 String = "sign up"
-- p4 DateTime64(6, 'UTC') = "2020-01-09 00:00:00"
-- p5 DateTime64(6, 'UTC') = "2020-01-12 23:59:59"
-- p6 String = "%@corp.com%"
-- p7 Identifier = "plan"
-- p8 String = "pro"
SELECT
    (toInt32(toDate(e.timestamp, {p0:String})) - 18270) AS bucket,
    count() AS figure
FROM events AS e
ANY LEFT JOIN (
    SELECT
        p.person_no AS person_no,
        CAST(p.properties.{p1:Identifier}, 'Nullable(String)') AS v0
    FROM persons AS p FINAL
    WHERE (p.project_id = {p2:UInt32})
) AS person ON (transform(e.person_no, tupleElement(((
    SELECT
        tuple(groupArray(m.old_no), groupArray(m.new_no)) AS lists
    FROM person_merges AS m FINAL
    WHERE (m.project_id = {p2:UInt32})
) AS merges), 1), tupleElement(merges, 2), e.person_no) = person.person_no)
WHERE (e.project_id = {p2:UInt32})
    AND (e.event = {p3:String})
    AND (e.timestamp >= {p4:DateTime64(6, 'UTC')})
    AND (e.timestamp <= {p5:DateTime64(6, 'UTC')})
    AND (not(ifNull(ilike(person.v0, {p6:String}), 0)) OR (not(ifNull(ilike(person.v0, {p6:String}), 0)) AND (CAST(e.properties.{p7:Identifier}, 'Nullable(String)') = {p8:String})))
GROUP BY bucket
