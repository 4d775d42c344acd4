import GateCore
import Synchronization
import Testing

struct CurrentLicenseTests {
    @Test func tiersAreOrdered() {
        #expect(Tier.allCases.sorted() == [.free, .pro, .enterprise])
        #expect(Tier.free < .pro && Tier.pro < .enterprise && !(Tier.pro < .pro))
    }

    @Test func observersGetEachChangeOnceAndInOrder() {
        let license = CurrentLicense()
        let seen = Mutex<[LicenseGrant]>([])
        let observation = license.onChange { grant in seen.withLock { $0.append(grant) } }
        let pro = LicenseGrant(standing: .active, tier: .pro, limits: LicenseLimits(agents: 5))
        #expect(license.tier == .free && license.grant == .free)
        license.set(pro)
        license.set(pro)
        #expect(license.tier == .pro && license.grant == pro)
        let revoked = LicenseGrant(standing: .revoked, tier: .free)
        license.set(revoked)
        observation.cancel()
        license.set(pro)
        #expect(seen.withLock { $0 } == [pro, revoked])
        #expect(license.tier == .pro)
    }

    @Test func aReleasedObservationEnds() {
        let license = CurrentLicense()
        let count = Mutex(0)
        var observation: LicenseObservation? = license.onChange { _ in count.withLock { $0 += 1 } }
        license.set(LicenseGrant(standing: .active, tier: .enterprise))
        #expect(observation != nil)
        observation = nil
        license.set(.free)
        #expect(count.withLock { $0 } == 1)
    }
}
