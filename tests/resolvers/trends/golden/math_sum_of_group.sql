-- p0 String = "UTC"
-- p1 Identifier = "price"
-- p2 UInt32 = 1
-- p3 String = "paid"
-- p4 DateTime64(6, 'UTC') = "2020-01-09 00:00:00"
-- p5 DateTime64(6, 'UTC') = "2020-01-12 23:59:59"
SELECT
    (toInt32(toDate(e.timestamp, {p0:String})) - 18270) AS bucket,
    ifNull(sum(group1.v0), 0) AS figure
FROM events AS e
ANY LEFT JOIN (
    SELECT
        g.key AS key,
        coalesce(g.properties.{p1:Identifier}.:Float64, CAST(g.properties.{p1:Identifier}.:Int64, 'Nullable(Float64)'), CAST(g.properties.{p1:Identifier}.:UInt64, 'Nullable(Float64)'), ifNotFinite(toFloat64OrNull(g.properties.{p1:Identifier}.:String), NULL)) AS v0
    FROM groups AS g FINAL
    WHERE (g.project_id = {p2:UInt32})
        AND (g.type_index = 1)
) AS group1 ON (e.group_1 = group1.key)
WHERE (e.project_id = {p2:UInt32})
    AND (e.event = {p3:String})
    AND (e.timestamp >= {p4:DateTime64(6, 'UTC')})
    AND (e.timestamp <= {p5:DateTime64(6, 'UTC')})
GROUP BY bucket
