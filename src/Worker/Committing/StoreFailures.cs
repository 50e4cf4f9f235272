using System.Data.Common;
using System.Net.Sockets;

namespace JobRunner.Worker;

/// <summary>What a store's exception says about a write.</summary>
enum StoreFailure
{
    /// <summary>Nothing about the write: the store is away, stops, is read-only, is full, or had to choose between two.</summary>
    Outage,

    /// <summary>Either: an answer that did not come may be the network's fault, or that of a write which is too big.</summary>
    Doubtful,

    /// <summary>Somebody's trigger or constraint refuses one of the rows.</summary>
    Objection,

    /// <summary>What is in the write cannot be stored.</summary>
    Refusal,
}

/// <summary>Tells them apart, by the codes of the SQL standard and PostgreSQL ("PostgreSQL Error Codes", appendix A of its manual).</summary>
static class StoreFailures
{
    public static StoreFailure KindOf(Exception exception) => exception switch
    {
        DbException { SqlState: { Length: 5 } state } => OfState(state),
        DbException => StoreFailure.Doubtful, // the connection broke, or its time was over
        OperationCanceledException or ObjectDisposedException or IOException or SocketException or TimeoutException or OutOfMemoryException =>
            StoreFailure.Doubtful,
        _ => StoreFailure.Refusal, // it did not come so far as to be sent
    };

    static StoreFailure OfState(string state) => state[..2] switch
    {
        "22" or "54" => StoreFailure.Refusal, // data, and limits of the server
        "08" or "57" or "XX" or "42" => StoreFailure.Doubtful,
        "25" or "28" or "40" or "53" or "55" or "58" or "3D" => StoreFailure.Outage,
        _ => StoreFailure.Objection,
    };
}
