using System.Linq.Expressions;
using System.Reflection;

namespace JobRunner;

/// <summary>Reads a lambda such as <c>x =&gt; x.Send(id)</c> into a call, evaluating its arguments now.</summary>
static class CallExpression
{
    public static JobCall Read(LambdaExpression lambda, Type? target)
    {
        ArgumentNullException.ThrowIfNull(lambda);
        var body = lambda.Body is UnaryExpression { NodeType: ExpressionType.Convert } convert ? convert.Operand : lambda.Body;
        if (body is not MethodCallExpression call)
            throw new ArgumentException(
                $"'{lambda.Body}' is not a method call: write one call, such as x => x.Send(42), and nothing around it.", nameof(lambda));

        var type = TypeOf(call, target, lambda);
        var arguments = new object?[call.Arguments.Count];
        for (var i = 0; i < arguments.Length; i++)
            arguments[i] = call.Method.GetParameters()[i].ParameterType.IsByRef ? null : Evaluate(call.Arguments[i]);
        return JobCall.Of(type, call.Method, arguments);
    }

    static Type TypeOf(MethodCallExpression call, Type? target, LambdaExpression lambda)
    {
        if (call.Object is null)
            return call.Method.DeclaringType!;
        if (target is not null && call.Object == lambda.Parameters[0])
            return target;
        if (target is not null)
            throw new ArgumentException($"'{call}' is not called on {lambda.Parameters[0].Name}: call the method of {target.Name} directly.");
        return Evaluate(call.Object)?.GetType()
            ?? throw new ArgumentException($"'{call.Object}' is null, so the type to call {call.Method.Name} on is not known.");
    }

    static object? Evaluate(Expression expression) => expression switch
    {
        ConstantExpression constant => constant.Value,
        MemberExpression { Member: FieldInfo field } member when IsSimple(member.Expression) =>
            field.GetValue(member.Expression is null ? null : Evaluate(member.Expression)),
        DefaultExpression { Type.IsValueType: false } => null,
        _ => Expression.Lambda<Func<object?>>(Expression.Convert(expression, typeof(object))).Compile(preferInterpretation: true)(),
    };

    static bool IsSimple(Expression? expression) => expression is null or ConstantExpression;
}
