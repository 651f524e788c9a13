-- p0 String = "UTC"
-- p1 UInt32 = 1
-- p2 String = "sign up"
-- p3 DateTime('UTC') = "2020-01-01 00:00:00"
-- p4 DateTime('UTC') = "2020-01-12 23:00:00"
-- p5 DateTime64(6, 'UTC') = "2020-01-01 00:00:00"
-- p6 DateTime64(6, 'UTC') = "2020-01-12 23:59:59"
-- p7 DateTime64(6, 'UTC') = "2020-01-12 23:00:00"
SELECT
    bucket,
    sum(figure) AS figure
FROM (
    SELECT
        (toRelativeMonthNum(toDate(h.hour, {p0:String})) - 24241) AS bucket,
        sum(h.events) AS figure
    FROM events_by_hour AS h
    WHERE (h.project_id = {p1:UInt32})
        AND (h.event = {p2:String})
        AND (h.hour >= {p3:DateTime('UTC')})
        AND (h.hour < {p4:DateTime('UTC')})
    GROUP BY bucket
    UNION ALL
    SELECT
        (toRelativeMonthNum(toDate(e.timestamp, {p0:String})) - 24241) AS bucket,
        count() AS figure
    FROM events AS e
    WHERE (e.project_id = {p1:UInt32})
        AND (e.event = {p2:String})
        AND (e.timestamp >= {p5:DateTime64(6, 'UTC')})
        AND (e.timestamp <= {p6:DateTime64(6, 'UTC')})
        AND ((e.timestamp < {p5:DateTime64(6, 'UTC')}) OR (e.timestamp >= {p7:DateTime64(6, 'UTC')}))
    GROUP BY bucket
) AS hours
GROUP BY bucket
