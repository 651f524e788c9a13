-- p0 UInt32 = 1
-- p1 String = "sign up"
-- p2 DateTime('UTC') = "2020-01-09 00:00:00"
-- p3 DateTime('UTC') = "2020-01-12 00:00:00"
-- p4 DateTime64(6, 'UTC') = "2020-01-09 00:00:00"
-- p5 DateTime64(6, 'UTC') = "2020-01-12 00:00:00"
SELECT
    bucket,
    sum(figure) AS figure
FROM (
    SELECT
        intDiv((toUnixTimestamp(h.hour) - 1578528000), 3600) AS bucket,
        sum(h.events) AS figure
    FROM events_by_hour AS h
    WHERE (h.project_id = {p0:UInt32})
        AND (h.event = {p1:String})
        AND (h.hour >= {p2:DateTime('UTC')})
        AND (h.hour < {p3:DateTime('UTC')})
    GROUP BY bucket
    UNION ALL
    SELECT
        intDiv((toUnixTimestamp(e.timestamp) - 1578528000), 3600) AS bucket,
        count() AS figure
    FROM events AS e
    WHERE (e.project_id = {p0:UInt32})
        AND (e.event = {p1:String})
        AND (e.timestamp >= {p4:DateTime64(6, 'UTC')})
        AND (e.timestamp <= {p5:DateTime64(6, 'UTC')})
        AND ((e.timestamp < {p4:DateTime64(6, 'UTC')}) OR (e.timestamp >= {p5:DateTime64(6, 'UTC')}))
    GROUP BY bucket
) AS hours
GROUP BY bucket
