-- p0 String = "UTC"
-- p1 UInt32 = 1
-- p2 String = "plan"
-- p3 String = "Nullable(String)"
-- p4 DateTime64(3, 'UTC') = "2020-01-16 13:05:01"
-- p5 UUID = "00000000-0000-0000-0000-000000000000"
-- p6 String = "sign up"
-- p7 DateTime64(6, 'UTC') = "2020-01-09 00:00:00"
-- p8 DateTime64(6, 'UTC') = "2020-01-12 23:59:59"
-- p9 Float64 = 5.0
SELECT
    (toInt32(toDate(e.timestamp, {p0:String})) - 18270) AS bucket,
    count() AS figure
FROM events AS e
ANY LEFT JOIN (
    SELECT
        o.distinct_id AS distinct_id,
        o.person_id AS person_id
    FROM person_distinct_id_overrides AS o FINAL
    WHERE (o.team_id = {p1:UInt32})
        AND (o.is_deleted = 0)
) AS override ON (e.distinct_id = override.distinct_id)
ANY LEFT JOIN (
    SELECT
        p.id AS id,
        ifNotFinite(toFloat64OrNull(JSONExtract(p.properties, {p2:String}, {p3:String})), NULL) AS v0
    FROM person AS p FINAL
    WHERE (p.team_id = {p1:UInt32})
        AND (p.is_deleted = 0)
        AND (p.created_at <= {p4:DateTime64(3, 'UTC')})
) AS person ON (ifNull(nullIf(override.person_id, {p5:UUID}), e.person_id) = person.id)
WHERE (e.team_id = {p1:UInt32})
    AND (e.event = {p6:String})
    AND (e.timestamp >= {p7:DateTime64(6, 'UTC')})
    AND (e.timestamp <= {p8:DateTime64(6, 'UTC')})
    AND (person.v0 > {p9:Float64})
GROUP BY bucket
