-- p0 String = "UTC"
-- p1 String = "second"
-- p2 UInt32 = 1
-- p3 String = ""
-- p4 DateTime64(6, 'UTC') = "2020-01-08 00:00:00"
-- p5 DateTime64(6, 'UTC') = "2020-01-13 23:59:59"
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
        s.session_id AS session_id,
        CAST(dateDiff({p1:String}, min(s.timestamp), max(s.timestamp)), 'Nullable(Float64)') AS v0
    FROM events AS s
    WHERE (s.project_id = {p2:UInt32})
        AND (s.session_id != {p3:String})
        AND (s.timestamp >= {p4:DateTime64(6, 'UTC')})
        AND (s.timestamp <= {p5:DateTime64(6, 'UTC')})
    GROUP BY s.session_id
) AS session ON (e.session_id = session.session_id)
WHERE (e.project_id = {p2:UInt32})
    AND (e.event = {p6:String})
    AND (e.timestamp >= {p7:DateTime64(6, 'UTC')})
    AND (e.timestamp <= {p8:DateTime64(6, 'UTC')})
    AND (ifNull(session.v0, 0) > {p9:Float64})
GROUP BY bucket
