-- p0 String = "$$_posthog_breakdown_other_$$"
-- p1 String = "$$_posthog_breakdown_null_$$"
-- p2 String = "0"
-- p3 String = ""
-- p4 String = "UTC"
-- p5 String = "second"
-- p6 UInt32 = 1
-- p7 DateTime64(6, 'UTC') = "2020-01-08 00:00:00"
-- p8 DateTime64(6, 'UTC') = "2020-01-13 23:59:59"
-- p9 String = "sign up"
-- p10 DateTime64(6, 'UTC') = "2020-01-09 00:00:00"
-- p11 DateTime64(6, 'UTC') = "2020-01-12 23:59:59"
SELECT
    if((place <= 25), b0, {p0:String}) AS name0,
    tupleElement(sumMap(buckets, figures), 1) AS merged_buckets,
    tupleElement(sumMap(buckets, figures), 2) AS merged_figures
FROM (
    SELECT
        b0,
        buckets,
        figures,
        dense_rank() OVER (ORDER BY (b0 = {p1:String}), size DESC, b0) AS place
    FROM (
        SELECT
            b0,
            groupArray(bucket) AS buckets,
            groupArray(figure) AS figures,
            sum(figure) AS size
        FROM (
            SELECT
                ifNull(nullIf(leftUTF8(ifNull(session.v0, {p2:String}), 400), {p3:String}), {p1:String}) AS b0,
                (toInt32(toDate(e.timestamp, {p4:String})) - 18270) AS bucket,
                count() AS figure
            FROM events AS e
            ANY LEFT JOIN (
                SELECT
                    r.session_id_v7 AS session_id,
                    CAST(dateDiff({p5:String}, min(r.min_timestamp), max(r.max_timestamp)), 'Nullable(String)') AS v0
                FROM raw_sessions AS r
                WHERE (r.team_id = {p6:UInt32})
                    AND (fromUnixTimestamp(intDiv(toUInt64(bitShiftRight(r.session_id_v7, 80)), 1000)) >= subtractDays({p7:DateTime64(6, 'UTC')}, 2))
                    AND (fromUnixTimestamp(intDiv(toUInt64(bitShiftRight(r.session_id_v7, 80)), 1000)) <= addDays({p8:DateTime64(6, 'UTC')}, 2))
                GROUP BY r.session_id_v7
            ) AS session ON (e.`$session_id_uuid` = session.session_id)
            WHERE (e.team_id = {p6:UInt32})
                AND (e.event = {p9:String})
                AND (e.timestamp >= {p10:DateTime64(6, 'UTC')})
                AND (e.timestamp <= {p11:DateTime64(6, 'UTC')})
            GROUP BY b0, bucket
        ) AS counted
        GROUP BY b0
    ) AS sizes
) AS ranked
GROUP BY name0
