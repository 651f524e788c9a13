-- p0 String = "UTC"
-- p1 String = "second"
-- p2 UInt32 = 1
-- p3 DateTime64(6, 'UTC') = "2020-01-08 00:00:00"
-- p4 DateTime64(6, 'UTC') = "2020-01-13 23:59:59"
-- p5 String = "sign up"
-- p6 DateTime64(6, 'UTC') = "2020-01-09 00:00:00"
-- p7 DateTime64(6, 'UTC') = "2020-01-12 23:59:59"
-- p8 Float64 = 5.0
SELECT
    (toInt32(toDate(e.timestamp, {p0:String})) - 18270) AS bucket,
    count() AS figure
FROM events AS e
ANY LEFT JOIN (
    SELECT
        r.session_id_v7 AS session_id,
        CAST(dateDiff({p1:String}, min(r.min_timestamp), max(r.max_timestamp)), 'Nullable(Float64)') AS v0
    FROM raw_sessions AS r
    WHERE (r.team_id = {p2:UInt32})
        AND (fromUnixTimestamp(intDiv(toUInt64(bitShiftRight(r.session_id_v7, 80)), 1000)) >= subtractDays({p3:DateTime64(6, 'UTC')}, 2))
        AND (fromUnixTimestamp(intDiv(toUInt64(bitShiftRight(r.session_id_v7, 80)), 1000)) <= addDays({p4:DateTime64(6, 'UTC')}, 2))
    GROUP BY r.session_id_v7
) AS session ON (e.`$session_id_uuid` = session.session_id)
WHERE (e.team_id = {p2:UInt32})
    AND (e.event = {p5:String})
    AND (e.timestamp >= {p6:DateTime64(6, 'UTC')})
    AND (e.timestamp <= {p7:DateTime64(6, 'UTC')})
    AND (ifNull(session.v0, 0) > {p8:Float64})
GROUP BY bucket
