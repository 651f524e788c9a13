"""The price of a trend whose size is known, by what an operation selects of it."""

from resolvers.trend_field import Price
from resolvers.trends.size import TrendSize
from schema.extensions.cost import CostCalculator, variable_defaults
from schema.info import ContextInfo


def price_of(info: ContextInfo) -> Price:
    """Return the price of the trend of the field that is being resolved."""
    raw, context = info._raw_info, info.context
    calculator = CostCalculator(
        raw.schema,
        raw.fragments,
        {**variable_defaults(raw.operation), **context.raw_variables},
        context.now,
        context.settings.max_figures,
    )

    def price(size: TrendSize) -> int:
        return calculator.calculate_trend(raw.field_nodes, raw.parent_type, size)

    return price
