import GateCore
import GateProtocol
import Testing

/// Which calls are tried again, and how many.
@Suite struct RetryTests {
    private let start = Instant.now

    @Test func whatWasNotSentIsTriedOnceMore() {
        var rule = RetryRule(isRepeatable: false)
        #expect({ rule.permits(.notSent) }() == true)
        #expect({ rule.permits(.notSent) }() == false)
    }

    @Test func whatWasSentIsNeverRepeatedUnlessDeclaredSafe() {
        var plain = RetryRule(isRepeatable: false)
        #expect({ plain.permits(.lostAfterSend) }() == false)
        var safe = RetryRule(isRepeatable: true)
        #expect({ safe.permits(.lostAfterSend) }() == true)
        #expect({ safe.permits(.lostAfterSend) }() == true)
        #expect({ safe.permits(.lostAfterSend) }() == false)
        #expect({ safe.permits(.notSent) }() == false)
    }

    @Test func timeoutsAndAnswersAreFinal() {
        for isRepeatable in [false, true] {
            var rule = RetryRule(isRepeatable: isRepeatable)
            #expect({ rule.permits(.final) }() == false)
        }
    }

    @Test func aBackendInTroubleGetsATenthMoreCallsAtMost() {
        var budget = RetryBudget()
        var repeated = 0
        // All at one moment: time gives nothing back.
        for _ in 0..<10_000 {
            budget.noteCall()
            if budget.take(now: start) { repeated += 1 }
        }
        #expect(repeated >= 1_000)
        #expect(repeated <= 1_000 + Int(RetryBudget.floor))
    }

    @Test func theFirstCallsCanBeRepeatedAndTimeGivesBack() {
        var budget = RetryBudget()
        var taken = 0
        while budget.take(now: start) { taken += 1 }
        #expect(taken == Int(RetryBudget.floor))
        #expect({ budget.take(now: start.advanced(by: .milliseconds(500))) }() == false)
        #expect({ budget.take(now: start.advanced(by: .seconds(2))) }() == true)
        // No more than the floor comes back, however long it takes.
        taken = 0
        while budget.take(now: start.advanced(by: .seconds(9_000))) { taken += 1 }
        #expect(taken == Int(RetryBudget.floor))
    }

    @Test(arguments: [
        (#"{"readOnlyHint":true}"#, true), (#"{"idempotentHint":true}"#, true),
        (#"{"readOnlyHint":true,"destructiveHint":false}"#, true),
        (#"{"readOnlyHint":false,"idempotentHint":true,"destructiveHint":true}"#, true),
        (#"{"readOnlyHint":true,"destructiveHint":true}"#, false),
        (#"{"readOnlyHint":true,"destructiveHint":true,"idempotentHint":true}"#, false),
        (#"{"readOnlyHint":"true"}"#, false), (#"{"readOnlyHint":true,"destructiveHint":"no"}"#, false),
        (#"{"readOnlyHint":1}"#, false), (#"{"readOnlyHint":false}"#, false), (#"{}"#, false), ("null", false),
        (#""readOnlyHint""#, false), (#"{"destructiveHint":false}"#, false),
    ])
    func annotations(text: String, permits: Bool) throws {
        let definition = try JSONValue(parsing: #"{"name":"t","annotations":\#(text)}"#)
        #expect(ToolAnnotations(definition).permitRepetition == permits)
    }
}
