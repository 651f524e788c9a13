-- p0 String = "UTC"
-- p1 UUID = "00000000-0000-0000-0000-000000000000"
-- p2 UInt32 = 1
-- p3 String = "paid"
-- p4 DateTime64(6, 'UTC') = "2020-01-09 00:00:00"
-- p5 DateTime64(6, 'UTC') = "2020-01-12 23:59:59"
SELECT
    (toInt32(toDate(e.timestamp, {p0:String})) - 18270) AS bucket,
    uniqExact(ifNull(nullIf(override.person_id, {p1:UUID}), e.person_id)) AS figure
FROM events AS e
ANY LEFT JOIN (
    SELECT
        o.distinct_id AS distinct_id,
        o.person_id AS person_id
    FROM person_distinct_id_overrides AS o FINAL
    WHERE (o.team_id = {p2:UInt32})
        AND (o.is_deleted = 0)
) AS override ON (e.distinct_id = override.distinct_id)
WHERE (e.team_id = {p2:UInt32})
    AND (e.event = {p3:String})
    AND (e.timestamp >= {p4:DateTime64(6, 'UTC')})
    AND (e.timestamp <= {p5:DateTime64(6, 'UTC')})
GROUP BY bucket
