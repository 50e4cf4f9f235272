namespace JobRunner.Worker;

/// <summary>
/// Places that one claim serves: all that are not saturated, or one that is. Says how much to claim for them, and when: reading past the
/// jobs of others costs the database something whether or not it finds anything.
/// </summary>
/// <param name="name">A name of its own, which stays.</param>
/// <param name="time">The clock.</param>
/// <remarks>Used by the claimer alone.</remarks>
sealed class ClaimGroup(string name, TimeProvider time)
{
    const int MaxClaim = 1000;

    // Jobs behind those of a place that ends so many in a second gain little from being found before their turn: it comes soon.
    const double SlowRate = 300;
    const double LeastShare = 0.02;

    // Of the time, for claims that bring what is given back.
    const double RefusedShare = 0.1;

    long _restsSince;
    TimeSpan _rest;

    public string Name => name;

    /// <summary>Its places now.</summary>
    public IReadOnlyList<Demand> Demands { get; set; } = [];

    /// <summary>True when jobs for it may wait: there was news, or the last claim has not found the end.</summary>
    public bool MayWait { get; set; } = true;

    /// <summary>True while its place refuses jobs: they stand at the heads of the queues.</summary>
    public bool PastHead { get; private set; }

    /// <summary>How long it is before the next claim; zero or less when it may come.</summary>
    public TimeSpan Rest => _rest - time.GetElapsedTime(_restsSince);

    /// <summary>How many jobs there is room for.</summary>
    public int Room => Demands switch
    {
        [] => 0,
        [var one] => Math.Min(MaxClaim, one.Place.Room),
        _ => Math.Min((int)Math.Min(MaxClaim, Demands.Min(demand => demand.RoomForAll)), Demands.Max(demand => demand.Place.Room)),
    };

    public bool Serves(IPlace place) => Demands.Any(demand => demand.Place == place);

    /// <summary>Notes a claim that read past jobs of others and did not bring all that was asked for.</summary>
    /// <param name="took">How long it took.</param>
    /// <param name="rate">How many jobs the quickest place of those others ends in a second.</param>
    public void HasRead(TimeSpan took, double rate) => RestFor(took * ((1 / ShareAt(rate)) - 1));

    /// <summary>Looks whether its place refuses jobs.</summary>
    /// <returns>True when it takes some again that it has refused: the next claim comes at once, and for them.</returns>
    public bool LookPast()
    {
        if (Demands is not [{ Place: var place }])
            return false;
        var takesAgain = place.TakesAgain();
        PastHead = place.IsCrowded && !takesAgain;
        if (takesAgain)
            RestFor(TimeSpan.Zero);
        return takesAgain;
    }

    /// <summary>Notes a claim of which the place has refused some: they were written twice for nothing.</summary>
    public void WasRefused(TimeSpan took) => RestFor(took * ((1 / RefusedShare) - 1));

    /// <summary>Lets no claim come for so long.</summary>
    public void RestFor(TimeSpan rest) => (_restsSince, _rest) = (time.GetTimestamp(), rest);

    /// <summary>The share of the time that reading past jobs may take when their place ends so many a second.</summary>
    public static double ShareAt(double rate) => Math.Clamp(SlowRate / Math.Max(rate, 1), LeastShare, 1);
}
