"""Names for the arrays that cross module borders."""

from jaxtyping import Array, Bool, Float32, Int, Int32, UInt8, UInt32
from jaxtyping import Key as TypedKey

Key = TypedKey[Array, ""]
"""A typed random key (`jax.random.key`), used once."""

AnyKey = Key | UInt32[Array, "2"]
"""What the public functions accept: typed keys and those of `jax.random.PRNGKey`."""

Action = Int[Array, ""]
"""One of `jax_core.game.Move`; any other integer acts as no move."""

Count = Int32[Array, ""]
Flag = Bool[Array, ""]
Reward = Float32[Array, ""]

Frame = UInt8[Array, "height width channels"]
"""RGB or brightness in 0..255, rows from the top, columns from the left."""
