--
-- PostgreSQL database dump
--


-- Dumped from database version 15.20 (Debian 15.20-0+deb12u1)
-- Dumped by pg_dump version 15.20 (Debian 15.20-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: public; Type: SCHEMA; Schema: -; Owner: -
--

-- *not* creating schema, since initdb creates it


--
-- Name: SCHEMA public; Type: COMMENT; Schema: -; Owner: -
--

COMMENT ON SCHEMA public IS '';


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: alembic_version; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);


--
-- Name: api_keys; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.api_keys (
    key bigint NOT NULL,
    id character varying(64) NOT NULL,
    name character varying(256),
    sha256 character varying(64) NOT NULL,
    scopes json NOT NULL,
    collections json,
    created_at timestamp with time zone NOT NULL
);


--
-- Name: api_keys_key_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.api_keys_key_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: api_keys_key_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.api_keys_key_seq OWNED BY public.api_keys.key;


--
-- Name: changes; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.changes (
    collection_key bigint NOT NULL,
    revision bigint NOT NULL,
    person_key bigint NOT NULL
);


--
-- Name: collections; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.collections (
    key bigint NOT NULL,
    id character varying(64) NOT NULL,
    name character varying(256),
    target_fpir double precision NOT NULL,
    target_fmr double precision NOT NULL,
    max_faces_per_person bigint NOT NULL,
    metadata json NOT NULL,
    contract_id character varying(64) NOT NULL,
    revision bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    epoch character varying(32) NOT NULL,
    log_since bigint NOT NULL,
    lookalikes character varying(8) DEFAULT 'warn'::character varying NOT NULL,
    probes bigint DEFAULT '0'::bigint NOT NULL,
    expected_false_positives double precision DEFAULT '0'::double precision NOT NULL,
    false_positives bigint DEFAULT '0'::bigint NOT NULL,
    keep_probes bigint DEFAULT '0'::bigint NOT NULL,
    keep_crops boolean DEFAULT false NOT NULL
);


--
-- Name: collections_key_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.collections_key_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: collections_key_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.collections_key_seq OWNED BY public.collections.key;


--
-- Name: crops; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.crops (
    face_id bigint NOT NULL,
    crop_id character varying(64) NOT NULL,
    png bytea NOT NULL
);


--
-- Name: faces; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.faces (
    id bigint NOT NULL,
    person_key bigint NOT NULL,
    collection_key bigint NOT NULL,
    contract_id character varying(64) NOT NULL,
    embedding bytea NOT NULL,
    image_sha256 character varying(64) NOT NULL,
    box json NOT NULL,
    detection_score double precision NOT NULL,
    quality json NOT NULL,
    created_at timestamp with time zone NOT NULL
);


--
-- Name: faces_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.faces_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: faces_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.faces_id_seq OWNED BY public.faces.id;


--
-- Name: feedback; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.feedback (
    key bigint NOT NULL,
    id character varying(64) NOT NULL,
    collection_key bigint NOT NULL,
    person_key bigint NOT NULL,
    verdict character varying(8) NOT NULL,
    counted boolean NOT NULL,
    embedding bytea NOT NULL,
    probe_sha256 character varying(64) NOT NULL,
    similarity double precision NOT NULL,
    threshold double precision NOT NULL,
    revision bigint NOT NULL,
    contract_id character varying(64) NOT NULL,
    source character varying(64),
    created_at timestamp with time zone NOT NULL
);


--
-- Name: feedback_key_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.feedback_key_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: feedback_key_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.feedback_key_seq OWNED BY public.feedback.key;


--
-- Name: former_counts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.former_counts (
    collection_key bigint NOT NULL,
    contract_id character varying(64) NOT NULL,
    probes bigint NOT NULL,
    expected_false_positives double precision NOT NULL
);


--
-- Name: idempotency_receipts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.idempotency_receipts (
    caller character varying(64) NOT NULL,
    key character varying(255) NOT NULL,
    fingerprint character varying(64) NOT NULL,
    answer text NOT NULL,
    created_at timestamp with time zone NOT NULL
);


--
-- Name: other_templates; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.other_templates (
    face_id bigint NOT NULL,
    contract_id character varying(64) NOT NULL,
    embedding bytea NOT NULL
);


--
-- Name: persons; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.persons (
    key bigint NOT NULL,
    collection_key bigint NOT NULL,
    id character varying(64) NOT NULL,
    name character varying(256),
    external_id character varying(256),
    metadata json NOT NULL,
    valid_from timestamp with time zone,
    valid_until timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
);


--
-- Name: persons_key_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.persons_key_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: persons_key_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.persons_key_seq OWNED BY public.persons.key;


--
-- Name: probes; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.probes (
    key bigint NOT NULL,
    id character varying(64) NOT NULL,
    collection_key bigint NOT NULL,
    embedding bytea NOT NULL,
    source character varying(64),
    created_at timestamp with time zone NOT NULL
);


--
-- Name: probes_key_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.probes_key_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: probes_key_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.probes_key_seq OWNED BY public.probes.key;


--
-- Name: api_keys key; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.api_keys ALTER COLUMN key SET DEFAULT nextval('public.api_keys_key_seq'::regclass);


--
-- Name: collections key; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.collections ALTER COLUMN key SET DEFAULT nextval('public.collections_key_seq'::regclass);


--
-- Name: faces id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.faces ALTER COLUMN id SET DEFAULT nextval('public.faces_id_seq'::regclass);


--
-- Name: feedback key; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.feedback ALTER COLUMN key SET DEFAULT nextval('public.feedback_key_seq'::regclass);


--
-- Name: persons key; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.persons ALTER COLUMN key SET DEFAULT nextval('public.persons_key_seq'::regclass);


--
-- Name: probes key; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.probes ALTER COLUMN key SET DEFAULT nextval('public.probes_key_seq'::regclass);


--
-- Data for Name: alembic_version; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.alembic_version VALUES ('0006');


--
-- Data for Name: api_keys; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.api_keys VALUES (1, 'key-6abda0e842d7e5b2c0eb', 'door', '78d5b5e5e330e658a9d0071e9d71fa815991f63a2936afb0f3fb90fd0e10530f', '["identify", "read"]', '["hq"]', '2026-11-26 03:31:22.981025+00');


--
-- Data for Name: changes; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.changes VALUES (1, 1, 1);
INSERT INTO public.changes VALUES (1, 2, 1);
INSERT INTO public.changes VALUES (1, 3, 2);
INSERT INTO public.changes VALUES (1, 4, 2);
INSERT INTO public.changes VALUES (1, 5, 3);
INSERT INTO public.changes VALUES (1, 6, 3);
INSERT INTO public.changes VALUES (1, 7, 4);
INSERT INTO public.changes VALUES (1, 8, 4);
INSERT INTO public.changes VALUES (2, 1, 5);
INSERT INTO public.changes VALUES (2, 2, 6);
INSERT INTO public.changes VALUES (2, 3, 7);
INSERT INTO public.changes VALUES (2, 4, 8);
INSERT INTO public.changes VALUES (1, 9, 4);
INSERT INTO public.changes VALUES (1, 10, 1);


--
-- Data for Name: collections; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.collections VALUES (1, 'hq', 'Headquarters', 0.01, 0.0001, 20, '{}', 'fake-c80a1f3b13c547db', 10, '2026-11-26 03:31:21.829759+00', '2026-11-26 03:31:22.945319+00', '780435189572d4c66ef0964741960ef7', 0, 'warn', 5, 0.05000000000000002, 0, 0, false);
INSERT INTO public.collections VALUES (2, 'lab', NULL, 0.001, 0.0001, 20, '{}', 'fake-c80a1f3b13c547db', 4, '2026-11-26 03:31:21.864494+00', '2026-11-26 03:31:22.814987+00', 'c32c3e039963a321bb438ed9807ed734', 0, 'warn', 6, 0.006000000000000001, 0, 10, true);


--
-- Data for Name: crops; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.crops VALUES (9, 'whole-image-b35f0895555420cf', '\x89504e470d0a1a0a0000000d4948445200000020000000200802000000fc18eda3000005594944415478014dd6cb4a975d1406700fafc7524bb1220a51239c7507866371e4cc99432107de87e01574278203074e0ad4810a2a82a0965a5a9a6607fd7efb7dfaa20d6dd6e159cf7af6dafbff5ae3e6e6e6af5fbf5a5b5bbf7fffcefef1e3477373b3fde3c78f2255557dfdfa756d6d2d98dbdbdba6a62600bbecbb77ef201bebd5d2d2f2f3e7cfb6b636c86fdfbe41363434d82b5996850be8eeee4e44e2f7efdf58ece2da8b0bdab18b6061a84a3060e5a9b5abb5e09be240586c21d24aa24e8bd4dd1b14634c5c4a303d5222a2abac60b21ab365abc3c34321c50ea88c8d2b91303a755f5f9ff60a723244edededb23d3d3d1d1d1d51d0dddd0d09c03d3d3d856768d0383636c63104889999997bf7ee69806b7b7bdb4e97b29191112df15e5d5d2d2e2e66c4dcdede5e8c52da8c8e8e76757571ddcac6c6c6f5f5752659b9ccb442875ad42ec25069518ac8ae588a0267057608272843a8aafbf7ef0f0c0c90a2ab2cce9ce0e6e6e6cf9308577ac829c365cf91d57061b896b8138359b97f8250c368c6a006589051990c2bd3d0d0d1c2ab182f340a11058a2101c0723e92c5b100989e1d80f1e1c30783525baa2627277546a7667f7f7f77771723995aa6005d542b10d9dbdb3b3f3fd7fbc18307af5fbf36a572a8db5b73478aeaf8f8787e7ede0e6c5570992fd0972f5ff06224241ad358192839b204ba64466767272949e9e76476b56767672727276980a73c4ac588ec3446a6847e1421fa3b043a648364071317861ba178d48a00332a9de5e278180c39f2c95410f4d1d191716b6638b933959e93428b8e1c94a1d69325da8291ad565757d1e1f5d4c6c7c79539b8c3aeacace80de4b06fdfbed54ff0e1c387b3b3b37e779a29c9ace8d0e0d9b36775bb06f3191c1cf49b10b42a33d58d521a516bc0f581434d8e25757070e07aa08d9840d786cb1785029dc48be09a04d818286688e85da5bf9da24491468b238beb24850557005c0b8c26483658aad8225cbb08a3ca041573a41189702f2e2e2e2f2f19e6e0bc4489bb001383519fc65a22320627530ee65876e7902a47191e1e56c9e9efef5f585878f2e409525fab376fdeb85b44d8272626bc77f55a2e2f2fa3cb51cc1a113cf6172f5ee41cc648840116f916a51429d046c83508e235742f3a20ec3e471a80096ae3c2fd0e1e3f7eac0a188383664a4e66fa82c022e58bc6b2f0c259397bd071ed21d22f36433f766e1298ab10092a863dcc655849f01d2d399f431ac362025453c42533d2f443edc91920401aa4191727304c39f4d4d4548a31aeafaf47b28bf29c35b30cedf9f3e78aa1cdd71fa860cc676e6ece2f434a2d71183389478f1e25585c0f230ed2cff5d2af74aebf1cb10d1d86ccfc35954ad633b58895a2831abda5d896149e4a3474456dfde346aa802dae38c19ab354320aeeffac08bcb104cc0e5227116ef9ff015d2ec7f1bd160f4e4e3092532cc8556914e61e9901fbc06846074cddf78f0d4ca5bdfc0dc062a99c9e9e4604cd7dfaf4a934dbab5f5a5ad212bb085e445c007f0fdc0497c49d9d1d0007a2d59d994f1a97a7a92cbbc72eed68765f342046bea0b906edfffd9a7a4284c313cbd68032b663a54171d560c9d083d0592233a1946d11614f8a0d8fd712b12715700a4b4dfd032c971cc76e202a19a1b043d3e2479b272865920178ecaecd7030c862b722f4d3a74fa112a97c82b0d0eeec962102291e1a1a42ad876fc9ab57affcc42855f6f2e54b63c9dd6c6d6d65b64a30e804cf78fffe3dbcc180957f511a9f0bc7d6c34a01573329cbacf3349152aa0199244a4501d79f1377a616a67cb21d590ed49e89fd7519b1830606b00475cd9b910a461c09362b787b7945fa27c4afb3e5ebe8a4f682a8bf5fa1b0d304630f860dc095fa778973b5fc0f5c1b2cfd06110dfb0000000049454e44ae426082');
INSERT INTO public.crops VALUES (10, 'whole-image-b35f0895555420cf', '\x89504e470d0a1a0a0000000d4948445200000020000000200802000000fc18eda30000056c4944415478013dd6b94f555d1405709e5c994701c39048010909313140690b1d15052d89a57f02359505426f4369880d35892dd0114a2ac2204619041944c4ef775d7cef14977df65e6bede19c7b7995f9f9f93f7ffe3c79f2a4b6b6b6bebebe52a9d4d4d41445313e3efef4e9535bce919191868686fbfbfb838383999999fdfdfdc03a3a3a80c10606061616169e3d7b4607b7a7a7275c9482bac5fbf7efdf725f1438f80f0f0f75757549c029c42364415a425418a24244c2e28191c962977f20fe6529fb1083d30de3d7af5ffcbf7fffa61e8e6dd2f0c0b03dd1a3651b29e008320afce42f37ff32a98b61194b329d9e9eda02fcf8f183d1d8d888a2bfdede5e6098b6b6b6abab2b95593c4d4d4d9cb24a536c6f6fb3eeeeee3ccdd413a8abab6b6a6a0a8de8cf9f3f5757573d85aeafaf898ab2dbdbdbe7e6e6d8542e2f2fd7d6d6be7fff8eebcc5ebc78e12987ea0b1c6820996f6e6e3c899a000f0482edc5c585da199c6132f4a7200b8c530e8da60395e90fbe1c1a75a2c99139f0ca44e2f6f6369d56333160843cd92428e2a298013bdbf89db055b4b6b642c4256d3219a2aad110182727271a65f308353737aba9a5a525d7cc1c84ccaa9a5b3499a855969797ed95632ce690b43a585f5f377712fc5fbf7ee5a7dedfdfffeedd3b5af8f18832aa5bb6be7776769c79e65198973c9680eb8100addf6fdfbe295c021c9954a0527d789b2cc9f80162a06b2b0dc1e4ad341598f2ce64019120c4cb10d6997c99b827bf278f15403c722808910e11cfdc491dd87a962bd9124320a41b7c5aa125bd768f8e8ef0e1291a69325108ac4a2102235ad9dcdc04b587fef4e9932325ca9393e497e9f5ebd7ce16da4dfff8f1e3f9f9b97cfc7d7d7d0c785a5fbe7c9138f8b1b131e312b22d08090371d953f1853044c51a918a48fb7881690b520ea3e717b5bc016c210910012065122acbaf541e87630f2790f275c010c6149258d41cc871b22d5a3c908400f8adaa2114d8e3ecc40811b512e3218160794b65e257a3b124a50900441d4bd3a9d2fb411a4554fa8a2b688fef5ebe7dfbf6f0f090a271bd7af52a04367209ad54902727276dd9f04b4b4b67676732f18c8e8e068fee1f86c46485caae330712de2f8b574cb10c4e36a7671aeaeeee763c125814616881c92d0d295b6f19300a4ca9659315972702b299f0e3506140e70cf8d9309cc0b6a929850609c0d04db1b7b727e0784dcd173885e3a8da3b49854d9784c599e122bbd089b201544d0edd79f8a4b3e129578686862014e2f4debc79e3f36beb222e2e2eba9124dcf7e1e16127a12857f6e5cb977907511c00098bfad6d61651eacf9f3fcff70a8554e1cd8440f63447c91929445b99865a406dd3049b1698adb91b7ae6ee89a8088744477100e5c71d9a102372e94e0c81165cb4d8ea482921c3e883a74a6458fc008c52d95b8a09c7f04c3255a0e911ce32629582f1f8e8cac7c6372b30b6c9f8e5e27828f8d63a1e2ff6e388debf7f9fa2a84c4c4c78d181cc2dd74e3e273f3d3d9dffc3243e7ffe6ce228ca74f7f3ff0a667676d6c593ccc1acacac78ca5ad62121c5b2b1a2fc2e49c3abea480829b3b3b3d3e1b32de5bb4bc00afc472aaf2c0a8cd1874b5d07ec5284229ac3a98a8640480924f8416142b6e5d49915bfa3cad6130bdd537f0cab703722c1383e3e8eed832ca6f61ca3ded52b47de3e4f5af12882cde366ab524a9f10339423e9cb1f5ea0109a72f7f3f3445bee9973236a86beefbe108424ded8d8a826135516bf93fff0e1832d351fb7dddd5d8612cb19048403e7cd323e551bc2e0e0a09b23ea46499f49327874899ce66c194e45e144552da556d8c0e5ac020d27e8742779aa63f083217b425a4192e6cc024bd511546e8c1241514e68cc6a4013c9c4887ad2b0f9d99028b66c22b68fa9feff61e85326f41fda53133f31bb75220000000049454e44ae426082');
INSERT INTO public.crops VALUES (11, 'whole-image-b35f0895555420cf', '\x89504e470d0a1a0a0000000d4948445200000020000000200802000000fc18eda3000005534944415478014dd63d2f666b1406e0f3b27d8f6fc2344444321205bf4223fe85ce6f50d168a652f809d32a28a69950d2211a992804e3db30e36318e7daeee3cd79124fd6b3d6bdee75aff5ecbd5f959d9d9d868686979797d3d3d3a5a5a58b8b8b4aa5f2f8f8f8fdfbf7fafa7afed7d7d74f9f3eb1f98ba2e8eaeaaaabab63b7b7b74f4d4db5b5b5c1fcfefdfbebd7aff6e7e7e7fbfb7bf6dddd5d4d4d4d99e28f17c8397476abb6b6f6e1e101170346192b7e47ce1c79febe2f1e24d84ae8eb2bb7bd8628099633b4708e2884381dc3f2cffb0ad849be1da91d5e2e3c1b80537ab9fffcf933f95a6b6d6d95f3f4f4d4d8d868b7a00db0a3a303d43228234a26db1c305a460a665cf016c27480a1585e5e5690d734464747b1b0551a1c1ce47114bdb9b9312e143ce3e3e30c98b3b3b3f9f9793bbbb3b3737676566d7d9c9c9cacaeaeba4b3afefcf9535c5e5e4aa042320382a1406f6f6f940ae99d5ea1e6e6665c29aca40e8e8e8e92d2d4d4248b20dd4b51d5c25008cbb75bc2d9a9d6a35db3768c39b2930969712a6ce7841195eea8006647cc85caacb8286a6969e1c5ab470d3124a78948339374a3f5f4aa92103f98022eb52ac8b1b2b0b0a0264bcb7b7b7bae0b238fa35d810f1f3e4c4f4fe779577b6b6bcbf31eccc0c04024f3efefefe7a190b2bdbd2d9d6eb5cb0e048892c36bf14ab8bdbd0d4b5a96e6c694d799906443181e1ed6b110bf078176b9605ae14f43e5cba523e8ccc1ce831a05689a538f2762294831a12c7e1e3b123035828cd0ffee802ba2deb35e4d062f3fc36e4980f174292c64ee76dd0b312cec51ed2bc289aa14bab6b6663e727efdfab5b1b14120213c232323a697fe1ca34e8277c551be17f3cb972f26c396ee9ba68602909393936401ab51980f44daf1d84426a75bcd6b0127130518ea9e9e1e7e4ed499a7264463438aba00ef8476cbe1632453184841bb23270f849d224b66d58f9d9f27b5811949e167e0b538a51446c9855a02d5343a52613e6c2021381ebbe3f5f5b5e1a8ed999122cad69c68f489e671528cdccaf1f1b170a0ce6c7ac5e03cef784de0e0e0c091dfbebbbbeba10c2f009b586fe8fafabac797380c43434365d76f3c451e580731bb4c09e4a8014a32237e21f6d5d5953254c35b30fcf02a9102cfe97a748f87e2126149488c916671c98466602cc9debf54dae5cc641812ab4b0a35d87172c214beae40194e2e2039da07f5d49296f20a83b91b004404c2334a96a2e8ebebf3e438bad4eaef072995999999a0d58c219f58ef01280a05f2d1e7c4d5dfdf0f09a3120c6a0b918b954e3511798229e0293b004d8c2bea50eb401a521eda2deceac188b2ed24f3b021d9b90335220badacb2be0010a248e31180639053aa78fbb8330082e429db7fcbb2034b093282320f76e1db02e1ec264d3c1484138825927d45d061113531cdf13be6d7306a1c6501e488538a0215bf79629641fb7d3e3f3f87d0afdfd8eeeeee52c2dbe30c2047f4f3e7cf3f7efc5000ddc4c40423184261909a213b4d3b167e63ab07670265f298a0645d7bd750e7c6bc4ade64af95238ccecc9020c2752c11dee2612bcc2edf2f96e2ff0f604c382d3b5a00f6e0f10a1164e7540c5e559e12fa961edaf249c72ecd55a703817c03a25428470574606ee8a4a0869445af7ad50e904881b1608acdcd4d08ff8ff8dfd4efaa9b70f4ecaeacacf88a20c5feeddb37d4483f7efc383737a706db7d2c2e2eda61b08f8d8d65a4be98fea7f2aea5cbf26963592848f62ca9ec26cc9a3a36e3f0f09047e388dc993234aaa17b296c35c8ca7cf8557273265676204d2cfdc209e7cbc34888215a3d1a4bc00c8cfc2916f614e3b4d0c294a397803a312eb114e701ca5131462ae10a3ec7f879b21c2596d46f5dfe0b538b7dbddead1c860000000049454e44ae426082');
INSERT INTO public.crops VALUES (12, 'whole-image-b35f0895555420cf', '\x89504e470d0a1a0a0000000d4948445200000020000000200802000000fc18eda3000005494944415478013dd6cb2e9e511406603f9fa2ce674dd3901089a148dc852b306560c484a15b9074de1b700b669d214d2422313110e25444d5a1a5e8f3fdaffc7bb0bbf65aef7ad7bbd6dedfaf959d9d9dfafafab7b7b79f3f7f2e2e2e9e9e9eb23f7cf8d0dbdbcbdfd0d0505757d7dede6e67bfbcbcdcdfdf03343535b5b6b62e2f2f7775750935363606d3d2d2f2f8f8b8b9b9797b7bcb6f15d0d2ac7ffffea140cae6ac542ac276b69092319e9f9fab8975b880ed4f4f4fafafaf90455140b23108f158f55c490829172e1e47203929931c7628b203f35bfcc0f6acd4c3e0585c5c5c88715d5d5dfdfdfb971deae6e666360aed1b48e6c3e8ebeb9346b511c13f3c3c2806295d2298d0efdfbff903ab8c8d8d918005cef884e1dadada262727391586ebececd4165bfef8f838ff9f3f7f90c27332ecfbfbfba984e1ecec4c01e0f70e30264614345b82a5b00e3e7efc98710b29a3b63e3a3a3ac05c383a63bcbbbbd381aa1825fefaf58b9f2dbd9e554eb1cae5ac6c2ac341a8cde0c9255783a52e4eb76d0790cba8e5f25861e72ccc348c5c7441536a27908741810ec82490935813e37774070cec76cf3af5e0c178c253acaeae2aa0143a172b80ebe6e6666d6dcdfdf3c31161974981560c0d053a83d6872ba1607e7edef4e039bf7fff9eef0073a132464da100e562c0a173873932aa7dbfa509a4b4cb52830d4f1c1e1f5daae6eb93e2583e4aaa1131e430a00512ae19588211158a085117ce63a54caaea0f984aaba0d43fa441588e7985792728e4785d6147976e0c8aacbc2ef5185ab1504949078cb2c2d2d2921d3515a99f56060707f1a6b0e74894686dbe184d7c7676d64e105946440412fbf0f0700cb4856926401181765cd27a7a7ab028c6e34838345b0d74fc782d17ae1baf83871fc672145283f37db2ac74c72b06c4a31227e132f5cb63f1c008f1c46932f05496051b1b030843994ea684b050574b63a3233cfd0138cad7991d8c76f916bf2323b990e7e7e7764b99cac6c6060bc8db5f5f5fc76b0eaa6a939f7637313d3ded180adab34ce6d3a74f9903115fbe7c0150f5fafafadbb76f781c4be93e4b75e4e814ce95448e32b5366b864b52158047724a42d6e6838726bf4b9646c14a5c5ad34416a7629c9e903d4ebce8e4873435a226e9f1882a8621599cef5f96325a56dcd0038213b6839a98c54f2c249b138b02a4d041ac09fb79a0c08884f40a035c8c8c8ce4191c1d1dedeeee1e1f1f2382c84fb702063d3535d5dfdfcfa964145063085fbf7ebdbcbc4cbb0a30348ad4b3ce9da9577690450545e440f0a48cdd5726945f50a2222d737793f93f006a7f64726dd2474747d362e9a185ae7cb1626c4b003539542be6987e1df9d959f08e560cbb4af00c805c5871787868f44066670e0c05ec94c259ddddddcafb232553c8df03f52cc3c1a2241d4216a72cede65b11e5a94c4c4c4873f0a3bfb2b262e26c420e0e0e4c4001f959aa1ac8d6d696bfe952b43e343484171ef2c78f1f74b00d736e6e0e9b2c05ca0e80248b0d0c0cf85e244b70875e4b5ad65c44907f727262e747f4f9f367976914545bee3f82342d8af6fd92b5a914456a42a4188ab40f540aa9de47f61c0962d8514332b2273d3c2583e7c89573fedf284db3e6c0cf164281da910892fd1ef010e8f25000e43ed5e094e2c2381d4bda8585052009bcdbdbdba82110f94d372293d1eccccc8cff7af26b6b6f6f0f468aa38f46a2c20a18b51da9e5aa20a3bbf051044d9abff2b9581e2f4a8202282895469d297b2771b2135229517a852c5af170f2948fecddaabe71615e4e32f156f1a5c74244148ff2f147633c526a98dc9f31d0547e4712681196c0aee152d81e2722e0ac84e09322a45d8916db2e852012ff033244833dd73dd5c00000000049454e44ae426082');


--
-- Data for Name: faces; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.faces VALUES (1, 1, 1, 'fake-c80a1f3b13c547db', '\x772d22be5c1725be94aca43b0c0ba7bd5571be3d8123073e894c8dbd290addbd083d14bebf20b0bef2339a3ec9aae73dd07a083d717e49be64270e3efd434bbe06a92cbe533049bcb0fe91be4baeaebd305dc5be4504b83cc9e69bbe1cec74bebd3062bca4e3dfbdb3956bbe61391dbebb27c1bdbdb949bab72939be7fcfe0bd', '97e8676b0c6e125c10285a8b6139ed7992a0be3dfd3f96636a821ab10be67347', '{"x": 0, "y": 0, "width": 64, "height": 64}', 1, '{}', '2026-11-26 03:31:22.093334+00');
INSERT INTO public.faces VALUES (2, 1, 1, 'fake-c80a1f3b13c547db', '\x313823be2da125bec42dbf3b2ecbacbde671bc3d793e073efeca8abd06cde1bdd8dd13bee7a4b1be919b993e0d7ee23d2f9a0d3d638248be3b790d3edad24abeeb2e2ebe0c2982bcb5f291bed552acbd8e6dc5beb34ddc3cacec9abe047d76be006859bc5514e4bd4d3969be62541cbe33e0b6bd9037083ab3353cbe2318dabd', '34309910c09c1723f15028c413a2e982feedafaee3e67a4edef64cf02d9d0c16', '{"x": 0, "y": 0, "width": 64, "height": 64}', 1, '{}', '2026-11-26 03:31:22.168449+00');
INSERT INTO public.faces VALUES (3, 2, 1, 'fake-c80a1f3b13c547db', '\x9514943d6724643e5e94a2baedf72c3e48f88ebdd628c8bd35677abc14344dbe1c1f8abde396293e21e3863b2eeeb9be4d20783c8e9713be171c59bd8135773d2025a13e7ed89cbc01c2383ef4e9cfbd21f455bd532cb33e0b3c043f82931f3d47312c3e93c14d3ea55e2d3d63f460bdaaba523d23c7c7bd527a2d3eb9ff113e', 'f89508259036fee85235f4b2ddfeac5d6defa72ed493b289a2f3b77f8a8266ee', '{"x": 0, "y": 0, "width": 64, "height": 64}', 1, '{}', '2026-11-26 03:31:22.337504+00');
INSERT INTO public.faces VALUES (4, 2, 1, 'fake-c80a1f3b13c547db', '\x22c9943d5b61633e3bcb9a3b1af12a3e79ed85bd5df3c3bdc69a69bc737b50be88f893bd326a283ef13fa2bab5fbb9be6c5b913c1dfe11bef5ab4dbd4e806f3d9cc0a13ec0e0aabcb2873b3e2c01d3bde7aa59bd0715b33ecf1e043f63471d3d8dfb2c3e61b34b3e46ab243deda45abdc4644a3d41f7c6bd19e82b3e248b163e', 'ceeb3027ef7fa686c663573ce1653d90fa378978b3ccfd52bfe43e0f3bf68171', '{"x": 0, "y": 0, "width": 64, "height": 64}', 1, '{}', '2026-11-26 03:31:22.437917+00');
INSERT INTO public.faces VALUES (5, 3, 1, 'fake-c80a1f3b13c547db', '\x8078513e294b90bd074646be671c14be69ea8c3ee94f793e57a0903e6bc1d43c276ef63d07bc8c3d88db223e90c4423e9177833ef5db4abd1654bb3dd9ac103e9dae3dbd3478263eb36139becf22a5bee59aa4bef7b3eabd957e353eb82d02bef7eac3bcae25cbbcf4be8abee3c7d13dc7cd1dbe587ac0bdafc96ebe5c66a13c', '97638811302cb0acd8fdba26196611ca0ff3f97e9246dcd57893f713324c9451', '{"x": 0, "y": 0, "width": 64, "height": 64}', 1, '{}', '2026-11-26 03:31:22.548423+00');
INSERT INTO public.faces VALUES (6, 3, 1, 'fake-c80a1f3b13c547db', '\xa05d533e2d839abd679348bec8a014be27d58d3e24bd7b3e67a48d3e2d80de3c9586f53d31b28f3df8e6203effce413ebd2b823e90934abdf66db83d3e39083e8a6e47bd9e302d3ef15a36be4086a6be311ca4bee8d3f2bdc21f383e71b409bed70ab9bc671eb7bcdc1188bede8bce3dcc1d1cbe4045bbbd837d71be02fca53c', 'ea549e2ae729eddd8d7f1cd78643c91b06fe439a679451611f50cdb265c7c214', '{"x": 0, "y": 0, "width": 64, "height": 64}', 1, '{}', '2026-11-26 03:31:22.585107+00');
INSERT INTO public.faces VALUES (9, 5, 2, 'fake-c80a1f3b13c547db', '\x772d22be5c1725be94aca43b0c0ba7bd5571be3d8123073e894c8dbd290addbd083d14bebf20b0bef2339a3ec9aae73dd07a083d717e49be64270e3efd434bbe06a92cbe533049bcb0fe91be4baeaebd305dc5be4504b83cc9e69bbe1cec74bebd3062bca4e3dfbdb3956bbe61391dbebb27c1bdbdb949bab72939be7fcfe0bd', '97e8676b0c6e125c10285a8b6139ed7992a0be3dfd3f96636a821ab10be67347', '{"x": 0, "y": 0, "width": 64, "height": 64}', 1, '{}', '2026-11-26 03:31:22.703452+00');
INSERT INTO public.faces VALUES (10, 6, 2, 'fake-c80a1f3b13c547db', '\x9514943d6724643e5e94a2baedf72c3e48f88ebdd628c8bd35677abc14344dbe1c1f8abde396293e21e3863b2eeeb9be4d20783c8e9713be171c59bd8135773d2025a13e7ed89cbc01c2383ef4e9cfbd21f455bd532cb33e0b3c043f82931f3d47312c3e93c14d3ea55e2d3d63f460bdaaba523d23c7c7bd527a2d3eb9ff113e', 'f89508259036fee85235f4b2ddfeac5d6defa72ed493b289a2f3b77f8a8266ee', '{"x": 0, "y": 0, "width": 64, "height": 64}', 1, '{}', '2026-11-26 03:31:22.747132+00');
INSERT INTO public.faces VALUES (11, 7, 2, 'fake-c80a1f3b13c547db', '\x8078513e294b90bd074646be671c14be69ea8c3ee94f793e57a0903e6bc1d43c276ef63d07bc8c3d88db223e90c4423e9177833ef5db4abd1654bb3dd9ac103e9dae3dbd3478263eb36139becf22a5bee59aa4bef7b3eabd957e353eb82d02bef7eac3bcae25cbbcf4be8abee3c7d13dc7cd1dbe587ac0bdafc96ebe5c66a13c', '97638811302cb0acd8fdba26196611ca0ff3f97e9246dcd57893f713324c9451', '{"x": 0, "y": 0, "width": 64, "height": 64}', 1, '{}', '2026-11-26 03:31:22.78293+00');
INSERT INTO public.faces VALUES (12, 8, 2, 'fake-c80a1f3b13c547db', '\x2c8be8bd6572333e3bdf113e8c3f73bd25fd6fbd9d02533d3d10533e1f0587be531850bec4ae35be6e3fdbbd1239febc6cb6d4bc6066bdbdf50ad4bdf8bd2d3e07a1d43d140c773e59c9423ea0fb0d3f0aabb7bb52b515bea743233ed1111abe1e0699bde3a581bd372dd1bd38eda03eb22e2fbd08b130bef4f2e83d60673fbe', '5476f3e62ac48e4a26bf45276508818f1f28cf70dae13787de738569e42c3db8', '{"x": 0, "y": 0, "width": 64, "height": 64}', 1, '{}', '2026-11-26 03:31:22.814908+00');


--
-- Data for Name: feedback; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.feedback VALUES (1, 'fb-8322dade13240d508cd4', 1, 1, 'not_them', false, '\x47768a3d1a61673e0c3b683a97422c3eb0a787bdb8c0c4bdae0285bc707d54beaa448fbd7b882d3e7cfb1abb4fa1b9bef2729c3ca92516be37c24ebd2f29813dcff4a33ef01e90bce684373eff33d2bdf37959bd9115b13e2280033f1717133da2492b3ea7e14b3ef32b1d3de10955bd952c4d3dd9cac9bd4cad2b3e546d123e', 'c2a144dfc74c41c26f4022f3680d42b3ad806f935a95d8a0a6d8fba541ca909e', -0.443602591753006, 0.46554438093145767, 9, 'fake-c80a1f3b13c547db', NULL, '2026-11-26 03:31:22.945181+00');


--
-- Data for Name: former_counts; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: idempotency_receipts; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.idempotency_receipts VALUES ('operator', 'once', '9b7b0834ab4f05b5ad1cf52d9155ef227db40eb54ed5150f4935dd74bbb4a025', '{"faces":[],"rejected":[],"warnings":[],"person":{"id":"kept","collection_id":"lab","name":null,"external_id":null,"metadata":{},"valid_from":null,"valid_until":null,"face_count":0,"created_at":"2026-11-26T03:31:23.003929Z","updated_at":"2026-11-26T03:31:23.003929Z"}}', '2026-11-26 03:31:23.005521+00');


--
-- Data for Name: other_templates; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: persons; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.persons VALUES (1, 1, 'p-0', 'ada', 'badge-0', '{}', NULL, NULL, '2026-11-26 03:31:21.999134+00', '2026-11-26 03:31:21.999134+00');
INSERT INTO public.persons VALUES (2, 1, 'p-1', 'bob', 'badge-1', '{}', NULL, NULL, '2026-11-26 03:31:22.242189+00', '2026-11-26 03:31:22.242189+00');
INSERT INTO public.persons VALUES (3, 1, 'p-2', 'eve', 'badge-2', '{}', NULL, '2036-01-01 00:00:00+00', '2026-11-26 03:31:22.479108+00', '2026-11-26 03:31:22.479108+00');
INSERT INTO public.persons VALUES (5, 2, 'p-0', 'ada', 'badge-0', '{}', NULL, NULL, '2026-11-26 03:31:22.686358+00', '2026-11-26 03:31:22.686358+00');
INSERT INTO public.persons VALUES (6, 2, 'p-1', 'bob', 'badge-1', '{}', NULL, NULL, '2026-11-26 03:31:22.728579+00', '2026-11-26 03:31:22.728579+00');
INSERT INTO public.persons VALUES (7, 2, 'p-2', 'eve', 'badge-2', '{}', NULL, '2036-01-01 00:00:00+00', '2026-11-26 03:31:22.76378+00', '2026-11-26 03:31:22.76378+00');
INSERT INTO public.persons VALUES (8, 2, 'p-3', 'josé', 'badge-3', '{}', NULL, NULL, '2026-11-26 03:31:22.799941+00', '2026-11-26 03:31:22.799941+00');
INSERT INTO public.persons VALUES (9, 2, 'kept', NULL, NULL, '{}', NULL, NULL, '2026-11-26 03:31:23.003929+00', '2026-11-26 03:31:23.003929+00');


--
-- Data for Name: probes; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.probes VALUES (1, 'prb-cea824ddf2b15f75b695', 2, '\x7f87d3bd8bf913bd3df843bed5caca3deb2affbd0983923e5f1601be82daadbef23c173e0e83f0bd831c3fbeb6ded13d817ab63d632720beb097c73e8ef0633e4006e9bc4322403e152281bd4d8d92bd223cbebecfd7fe3d2000d03d79dacbbda07e31be326153bcaabf5ebe1c1219bee8a743bec26a843c645301bd71f050be', NULL, '2026-11-26 03:31:22.89883+00');
INSERT INTO public.probes VALUES (2, 'prb-6af3b648b88df517c99b', 2, '\x014e753e160d67bd243a0cbe4f285a3e87304ebeac0374bd99908d3c54f9213eb2871a3dab7a083e6962a13cd4591bbe6500a4be12f7833e95abb4be7f619d3ea20eacbd8f88e7bd7e0e57be93df10be6754993e4127093ed16a29be9c0e1ebd5db8423e8ad3b53d2fe3b5bd16cd8dbda8caa2bd36847e3c38968ebee500f23d', NULL, '2026-11-26 03:31:23.240246+00');


--
-- Name: api_keys_key_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.api_keys_key_seq', 1, true);


--
-- Name: collections_key_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.collections_key_seq', 2, true);


--
-- Name: faces_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.faces_id_seq', 12, true);


--
-- Name: feedback_key_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.feedback_key_seq', 1, true);


--
-- Name: persons_key_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.persons_key_seq', 9, true);


--
-- Name: probes_key_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.probes_key_seq', 2, true);


--
-- Name: alembic_version alembic_version_pkc; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);


--
-- Name: api_keys pk_api_keys; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT pk_api_keys PRIMARY KEY (key);


--
-- Name: changes pk_changes; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.changes
    ADD CONSTRAINT pk_changes PRIMARY KEY (collection_key, revision, person_key);


--
-- Name: collections pk_collections; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.collections
    ADD CONSTRAINT pk_collections PRIMARY KEY (key);


--
-- Name: crops pk_crops; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.crops
    ADD CONSTRAINT pk_crops PRIMARY KEY (face_id);


--
-- Name: faces pk_faces; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.faces
    ADD CONSTRAINT pk_faces PRIMARY KEY (id);


--
-- Name: feedback pk_feedback; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.feedback
    ADD CONSTRAINT pk_feedback PRIMARY KEY (key);


--
-- Name: former_counts pk_former_counts; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.former_counts
    ADD CONSTRAINT pk_former_counts PRIMARY KEY (collection_key, contract_id);


--
-- Name: idempotency_receipts pk_idempotency_receipts; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.idempotency_receipts
    ADD CONSTRAINT pk_idempotency_receipts PRIMARY KEY (caller, key);


--
-- Name: other_templates pk_other_templates; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.other_templates
    ADD CONSTRAINT pk_other_templates PRIMARY KEY (face_id, contract_id);


--
-- Name: persons pk_persons; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.persons
    ADD CONSTRAINT pk_persons PRIMARY KEY (key);


--
-- Name: probes pk_probes; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.probes
    ADD CONSTRAINT pk_probes PRIMARY KEY (key);


--
-- Name: api_keys uq_api_keys_id; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT uq_api_keys_id UNIQUE (id);


--
-- Name: api_keys uq_api_keys_sha256; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT uq_api_keys_sha256 UNIQUE (sha256);


--
-- Name: collections uq_collections_id; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.collections
    ADD CONSTRAINT uq_collections_id UNIQUE (id);


--
-- Name: faces uq_faces_person_key_image_sha256; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.faces
    ADD CONSTRAINT uq_faces_person_key_image_sha256 UNIQUE (person_key, image_sha256);


--
-- Name: feedback uq_feedback_id; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.feedback
    ADD CONSTRAINT uq_feedback_id UNIQUE (id);


--
-- Name: feedback uq_feedback_person_key_probe_sha256; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.feedback
    ADD CONSTRAINT uq_feedback_person_key_probe_sha256 UNIQUE (person_key, probe_sha256);


--
-- Name: persons uq_persons_collection_key_external_id; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.persons
    ADD CONSTRAINT uq_persons_collection_key_external_id UNIQUE (collection_key, external_id);


--
-- Name: persons uq_persons_collection_key_id; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.persons
    ADD CONSTRAINT uq_persons_collection_key_id UNIQUE (collection_key, id);


--
-- Name: probes uq_probes_id; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.probes
    ADD CONSTRAINT uq_probes_id UNIQUE (id);


--
-- Name: ix_faces_collection_key; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_faces_collection_key ON public.faces USING btree (collection_key);


--
-- Name: ix_feedback_collection_key; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_feedback_collection_key ON public.feedback USING btree (collection_key);


--
-- Name: ix_idempotency_receipts_created_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_idempotency_receipts_created_at ON public.idempotency_receipts USING btree (created_at);


--
-- Name: ix_persons_collection_key_persons_name; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_persons_collection_key_persons_name ON public.persons USING btree (collection_key, name);


--
-- Name: ix_probes_collection_key; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_probes_collection_key ON public.probes USING btree (collection_key);


--
-- Name: changes fk_changes_collection_key_collections; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.changes
    ADD CONSTRAINT fk_changes_collection_key_collections FOREIGN KEY (collection_key) REFERENCES public.collections(key) ON DELETE CASCADE;


--
-- Name: crops fk_crops_face_id_faces; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.crops
    ADD CONSTRAINT fk_crops_face_id_faces FOREIGN KEY (face_id) REFERENCES public.faces(id) ON DELETE CASCADE;


--
-- Name: faces fk_faces_collection_key_collections; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.faces
    ADD CONSTRAINT fk_faces_collection_key_collections FOREIGN KEY (collection_key) REFERENCES public.collections(key) ON DELETE CASCADE;


--
-- Name: faces fk_faces_person_key_persons; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.faces
    ADD CONSTRAINT fk_faces_person_key_persons FOREIGN KEY (person_key) REFERENCES public.persons(key) ON DELETE CASCADE;


--
-- Name: feedback fk_feedback_collection_key_collections; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.feedback
    ADD CONSTRAINT fk_feedback_collection_key_collections FOREIGN KEY (collection_key) REFERENCES public.collections(key) ON DELETE CASCADE;


--
-- Name: feedback fk_feedback_person_key_persons; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.feedback
    ADD CONSTRAINT fk_feedback_person_key_persons FOREIGN KEY (person_key) REFERENCES public.persons(key) ON DELETE CASCADE;


--
-- Name: former_counts fk_former_counts_collection_key_collections; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.former_counts
    ADD CONSTRAINT fk_former_counts_collection_key_collections FOREIGN KEY (collection_key) REFERENCES public.collections(key) ON DELETE CASCADE;


--
-- Name: other_templates fk_other_templates_face_id_faces; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.other_templates
    ADD CONSTRAINT fk_other_templates_face_id_faces FOREIGN KEY (face_id) REFERENCES public.faces(id) ON DELETE CASCADE;


--
-- Name: persons fk_persons_collection_key_collections; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.persons
    ADD CONSTRAINT fk_persons_collection_key_collections FOREIGN KEY (collection_key) REFERENCES public.collections(key) ON DELETE CASCADE;


--
-- Name: probes fk_probes_collection_key_collections; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.probes
    ADD CONSTRAINT fk_probes_collection_key_collections FOREIGN KEY (collection_key) REFERENCES public.collections(key) ON DELETE CASCADE;


--
-- PostgreSQL database dump complete
--


