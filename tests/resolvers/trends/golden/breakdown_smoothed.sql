-- p0 String = "$$_posthog_breakdown_other_$$"
-- p1 String = "$$_posthog_breakdown_null_$$"
-- p2 Identifier = "$browser"
-- p3 String = ""
-- p4 String = "UTC"
-- p5 UInt32 = 1
-- p6 String = "sign up"
-- p7 DateTime64(6, 'UTC') = "2020-01-09 00:00:00"
-- p8 DateTime64(6, 'UTC') = "2020-01-12 23:59:59"
SELECT
    if((place <= 25), b0, {p0:String}) AS name0,
    range(4) AS merged_buckets,
    sumForEach(if((place <= 25), raw, line)) AS merged_figures
FROM (
    SELECT
        b0,
        raw,
        line,
        dense_rank() OVER (ORDER BY (b0 = {p1:String}), size DESC, b0) AS place
    FROM (
        SELECT
            b0,
            raw,
            raw AS running,
            arrayCumSum(running) AS sums,
            arrayMap((until, since, place) -> floor((((until - since) / least(place, 3)) + 1e-09)), sums, arrayConcat(arrayWithConstant(3, 0.0), arraySlice(sums, 1, 1)), range(1, 5)) AS line,
            arraySum(line) AS size
        FROM (
            SELECT
                b0,
                groupArrayInsertAt(0.0, 4)(ifNotFinite(toFloat64(figure), 0.0), toUInt32(bucket)) AS raw
            FROM (
                SELECT
                    ifNull(nullIf(leftUTF8(CAST(e.properties.{p2:Identifier}, 'Nullable(String)'), 400), {p3:String}), {p1:String}) AS b0,
                    (toInt32(toDate(e.timestamp, {p4:String})) - 18270) AS bucket,
                    count() AS figure
                FROM events AS e
                WHERE (e.project_id = {p5:UInt32})
                    AND (e.event = {p6:String})
                    AND (e.timestamp >= {p7:DateTime64(6, 'UTC')})
                    AND (e.timestamp <= {p8:DateTime64(6, 'UTC')})
                GROUP BY b0, bucket
            ) AS counted
            GROUP BY b0
        ) AS filled
    ) AS sizes
) AS ranked
GROUP BY name0
