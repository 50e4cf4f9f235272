using System.Data.Common;

namespace JobRunner.Worker;

/// <summary>Tells a store that refuses what it is given from one that cannot be reached, or cannot write at all just now: what is refused
/// will be refused again, and whatever is written together with it has to be tried without it.</summary>
static class Refusal
{
    // SQLSTATE classes: data exceptions, violated constraints, limits of the program, and what triggers raise.
    public static bool Is(Exception exception) => exception switch
    {
        DbException { SqlState: { Length: 5 } state } => state[..2] is "22" or "23" or "54" or "P0",
        _ => exception is ArgumentException or FormatException or OverflowException,
    };
}
