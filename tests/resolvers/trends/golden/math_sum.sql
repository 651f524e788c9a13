-- p0 String = "UTC"
-- p1 Identifier = "price"
-- p2 UInt32 = 1
-- p3 String = "paid"
-- p4 DateTime64(6, 'UTC') = "2020-01-09 00:00:00"
-- p5 DateTime64(6, 'UTC') = "2020-01-12 23:59:59"
SELECT
    (toInt32(toDate(e.timestamp, {p0:String})) - 18270) AS bucket,
    ifNull(sum(coalesce(e.properties.{p1:Identifier}.:Float64, CAST(e.properties.{p1:Identifier}.:Int64, 'Nullable(Float64)'), CAST(e.properties.{p1:Identifier}.:UInt64, 'Nullable(Float64)'), ifNotFinite(toFloat64OrNull(e.properties.{p1:Identifier}.:String), NULL))), 0) AS figure
FROM events AS e
WHERE (e.project_id = {p2:UInt32})
    AND (e.event = {p3:String})
    AND (e.timestamp >= {p4:DateTime64(6, 'UTC')})
    AND (e.timestamp <= {p5:DateTime64(6, 'UTC')})
GROUP BY bucket
