-- p0 UInt32 = 1
-- p1 String = "sign up"
-- p2 DateTime64(6, 'UTC') = "2020-01-09 00:00:00"
-- p3 DateTime64(6, 'UTC') = "2020-01-12 00:00:00"
SELECT
    intDiv((toUnixTimestamp(e.timestamp) - 1578528000), 60) AS bucket,
    count() AS figure
FROM events AS e
WHERE (e.project_id = {p0:UInt32})
    AND (e.event = {p1:String})
    AND (e.timestamp >= {p2:DateTime64(6, 'UTC')})
    AND (e.timestamp <= {p3:DateTime64(6, 'UTC')})
GROUP BY bucket
