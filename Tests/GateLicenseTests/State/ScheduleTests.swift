import Testing

@testable import GateLicense

struct ScheduleTests {
    @Test func dailyWithTwoHours() {
        for random in [0.0, 0.25, 0.5, 0.999] {
            var schedule = HeartbeatSchedule(now: 0, age: nil, random: random)
            #expect((60...300).contains(schedule.due))
            schedule.succeeded(now: 1_000, random: random)
            #expect((1_000 + 79_200...1_000 + 93_600).contains(schedule.due))
        }
    }

    @Test func aRestartDoesNotAskAgain() {
        let schedule = HeartbeatSchedule(now: 500, age: 3_600, random: 0.5)
        #expect(schedule.due == 500 + 82_800)
        #expect(HeartbeatSchedule(now: 0, age: 90_000, random: 0).due == 60)
        #expect(HeartbeatSchedule(now: 0, age: -5, random: 0).due == 60)
    }

    @Test func failuresSpaceOut() {
        var schedule = HeartbeatSchedule(now: 0, age: nil, random: 0)
        var pauses: [Int] = []
        for _ in 0..<12 {
            schedule.failed(now: 0, random: 0)
            pauses.append(schedule.due)
        }
        #expect(pauses == [60, 120, 240, 480, 960, 1_920, 3_840, 7_200, 7_200, 7_200, 7_200, 7_200])
        schedule.failed(now: 0, random: 0.999)
        #expect(schedule.due > 14_000 && schedule.due <= 14_400)
    }

    @Test func aNonceCountsOnceAndForAMinute() {
        var nonce = OutstandingNonce()
        var answers = [nonce.redeem([1], now: 0)]
        nonce.ask([1, 2], now: 10)
        answers += [nonce.redeem([1, 3], now: 11), nonce.redeem([1, 2], now: 70), nonce.redeem([1, 2], now: 70)]
        #expect(answers == [false, false, true, false])
        nonce.ask([4], now: 100)
        let late = nonce.redeem([4], now: 161)
        nonce.ask([5], now: 200)
        nonce.ask([6], now: 201)
        let replaced = nonce.redeem([5], now: 202)
        #expect(!late && !replaced)
    }
}
