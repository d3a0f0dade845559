"""The sizing page's table of sites is what its rates make."""

from bench.sites import CORES, PAGE, PEOPLE, rates_in, sites, with_sites


def test_the_table_of_sites_follows_from_the_rates_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_sites(page), "run `python -m bench.sites`"
    assert page.count("<!-- sites -->") == 1


def test_a_site_gets_what_its_cores_and_people_leave() -> None:
    """By hand: half of two cores, 40 ms a frame and 10 ms of search are 20 frames a second."""
    rates = {
        "busy": 0.5,
        "frame_ms": 40.0,
        "portrait_ms": 15.0,
        "vectors_ms": 50.0,
        "codes_ms": 10.0,
        "codes_from": 50_000.0,
        "burst_frames": 5.0,
        "bursts_a_minute": 4.0,
        "idle_mib": 256.0,
        "people_mib": 1.0,
        "clients_mib": 512.0,
        "core_mib": 640.0,
    }
    assert rates.keys() == rates_in(PAGE.read_text(encoding="utf-8")).keys()
    rows = sites(rates).splitlines()[2:]
    assert len(rows) == len(CORES) * len(PEOPLE)
    assert rows[6] == "| 2 | 1,000,000 | 20 | 40 | 60 | 3.0 |"
    assert rows[0] == "| 2 | 1,000 | 25 | 66 | 75 | 2.0 |"
