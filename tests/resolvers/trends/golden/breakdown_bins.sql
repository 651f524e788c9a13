-- p0 String = "$$_posthog_breakdown_other_$$"
-- p1 Identifier = "price"
-- p2 UInt32 = 1
-- p3 String = "sign up"
-- p4 DateTime64(6, 'UTC') = "2020-01-09 00:00:00"
-- p5 DateTime64(6, 'UTC') = "2020-01-12 23:59:59"
-- p6 String = "$$_posthog_breakdown_null_$$"
-- p7 String = "["
-- p8 String = ","
-- p9 String = "]"
-- p10 String = ""
-- p11 String = "UTC"
WITH (
    SELECT
        tuple(min(number0), max(number0)) AS extremes
    FROM (
        SELECT
            coalesce(e.properties.{p1:Identifier}.:Float64, CAST(e.properties.{p1:Identifier}.:Int64, 'Nullable(Float64)'), CAST(e.properties.{p1:Identifier}.:UInt64, 'Nullable(Float64)'), ifNotFinite(toFloat64OrNull(e.properties.{p1:Identifier}.:String), NULL)) AS number0
        FROM events AS e
        WHERE (e.project_id = {p2:UInt32})
            AND (e.event = {p3:String})
            AND (e.timestamp >= {p4:DateTime64(6, 'UTC')})
            AND (e.timestamp <= {p5:DateTime64(6, 'UTC')})
    ) AS counted
) AS extremes_of_number0
SELECT
    if((place <= 25), b0, {p0:String}) AS name0,
    tupleElement(sumMap(buckets, figures), 1) AS merged_buckets,
    tupleElement(sumMap(buckets, figures), 2) AS merged_figures
FROM (
    SELECT
        b0,
        buckets,
        figures,
        dense_rank() OVER (ORDER BY (b0 = {p6:String}), size DESC, b0) AS place
    FROM (
        SELECT
            b0,
            groupArray(bucket) AS buckets,
            groupArray(figure) AS figures,
            sum(figure) AS size
        FROM (
            SELECT
                ifNull(nullIf(leftUTF8(arrayElement(arrayMap((value, least, most) -> if(isNull(value), NULL, concat({p7:String}, toString((least + (if((((most - least) / 4) = 0), 3, least(floor(((value - least) / ((most - least) / 4))), 3)) * ((most - least) / 4)))), {p8:String}, toString(((least + ((if((((most - least) / 4) = 0), 3, least(floor(((value - least) / ((most - least) / 4))), 3)) + 1) * ((most - least) / 4))) + if((if((((most - least) / 4) = 0), 3, least(floor(((value - least) / ((most - least) / 4))), 3)) = 3), 0.01, 0))), {p9:String})), array(coalesce(e.properties.{p1:Identifier}.:Float64, CAST(e.properties.{p1:Identifier}.:Int64, 'Nullable(Float64)'), CAST(e.properties.{p1:Identifier}.:UInt64, 'Nullable(Float64)'), ifNotFinite(toFloat64OrNull(e.properties.{p1:Identifier}.:String), NULL))), array(tupleElement(extremes_of_number0, 1)), array(tupleElement(extremes_of_number0, 2))), 1), 400), {p10:String}), {p6:String}) AS b0,
                (toInt32(toDate(e.timestamp, {p11:String})) - 18270) AS bucket,
                count() AS figure
            FROM events AS e
            WHERE (e.project_id = {p2:UInt32})
                AND (e.event = {p3:String})
                AND (e.timestamp >= {p4:DateTime64(6, 'UTC')})
                AND (e.timestamp <= {p5:DateTime64(6, 'UTC')})
            GROUP BY b0, bucket
        ) AS counted
        GROUP BY b0
    ) AS sizes
) AS ranked
GROUP BY name0
