-- p0 String = "UTC"
-- p1 UInt32 = 1
-- p2 String = "paid"
-- p3 DateTime64(6, 'UTC') = "2020-01-09 00:00:00"
-- p4 DateTime64(6, 'UTC') = "2020-01-12 23:59:59"
SELECT
    (toInt32(toDate(e.timestamp, {p0:String})) - 18270) AS bucket,
    ifNull(sum(ifNotFinite(toFloat64OrNull(e.mat_price), NULL)), 0) AS figure
FROM events AS e
WHERE (e.team_id = {p1:UInt32})
    AND (e.event = {p2:String})
    AND (e.timestamp >= {p3:DateTime64(6, 'UTC')})
    AND (e.timestamp <= {p4:DateTime64(6, 'UTC')})
GROUP BY bucket
